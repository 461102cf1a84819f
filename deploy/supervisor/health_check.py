"""Ask a web process how it is: for the supervisor and for containers.

`python -m deploy.supervisor.health_check [ROLE]` ends with 0 if this host's role works.
"""

import os
import socket
import sys
from http.client import HTTPConnection
from urllib.parse import urlsplit

import django

from webapp.config import env


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


def works(role: str) -> bool:
    if role == "web":
        # Trouble elsewhere (a worker is silent) is no reason to restart the web.
        return ask(f"http://127.0.0.1:{env.integer('PORT', 8000)}") in (200, 503)
    django.setup()
    from labeling import db
    from workers import heartbeat

    if role == "clock":  # this one, or the one that it waits for
        return db.is_held(db.AdvisoryLock.CLOCK)
    return heartbeat.beats(role, socket.gethostname())


if __name__ == "__main__":
    sys.exit(0 if works(*(sys.argv[1:] or ["web"])) else 1)
