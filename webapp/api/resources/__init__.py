"""What the API has, a module for each topic: its types, and its operations."""
