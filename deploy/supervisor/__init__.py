"""Starts the site and all it needs, keeps it running, and ends it without a trace."""
