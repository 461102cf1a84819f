"""Ask a web process how it is: for the supervisor and for containers."""

import os
import sys
from http.client import HTTPConnection
from urllib.parse import urlsplit


def ask(address: str) -> int:
    """The status of /health at this address, 0 if nobody answers."""
    target = urlsplit(address)
    # Asked by its own name, for it answers to no other.
    host = urlsplit(os.environ.get("SITE_URL") or address).netloc
    connection = HTTPConnection(str(target.hostname), target.port, timeout=5)
    try:
        connection.request("GET", "/health", headers={"Host": host})
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


if __name__ == "__main__":
    # Trouble elsewhere (a worker is silent) is no reason to restart the web.
    sys.exit(0 if ask("http://127.0.0.1:8000") in (200, 503) else 1)
