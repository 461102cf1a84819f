"""A client for sites that run Mien. The door is `mien.client.Client`."""

__version__ = "0.1.0"
