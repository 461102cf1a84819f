"""The JSON API at /api/v1/. The door is `urls`."""
