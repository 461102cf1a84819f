"""How requests come in: whole ones go to threads, and who is slow holds none. The door
is `python -m webapp.server`."""
