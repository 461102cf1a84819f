"""How a site is run: images, compose file, and the supervisor of `make run`."""
