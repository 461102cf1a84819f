"""What people send, checked. One module a page."""
