"""`python -m webapp.server FD`: one web process, on a socket that listens already."""

import signal
import socket
import sys

from webapp.http import leaving
from webapp.server import connections
from webapp.wsgi import application


def main() -> None:
    listener = socket.socket(fileno=int(sys.argv[1]))
    server = connections.serve_from(listener, application)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.end())
    signal.signal(signal.SIGUSR1, lambda *_: leaving.begin())
    server.run()


if __name__ == "__main__":
    main()
