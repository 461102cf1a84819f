"""Files that are not ours to ship, fetched by pinned address and sha256."""
