"""The site as it is served: web processes over Postgres and Redis, champion loaded."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from tests.support import services


@dataclass(frozen=True)
class Site:
    url: str
    port: int
    process: psutil.Process  # the supervisor of the web processes

    def memory(self) -> list[float]:
        """Resident MB of each web process."""
        webs = [
            one for one in self.process.children() if "webapp.server" in one.cmdline()
        ]
        return sorted(web.memory_info().rss / 2**20 for web in webs)


@contextmanager
def running(**env: str) -> Iterator[Site]:
    services.start_once()
    limits = {"DETECT_RATE": "", "LIVE_RATE": ""}  # one machine plays many visitors
    settings = {"DJANGO_SETTINGS_MODULE": "webapp.config.settings"}
    whole = {**os.environ, **settings, **limits, **env}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "deploy.supervisor", "--only", "web"],
        env={**whole, "PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url)
        yield Site(url, port, psutil.Process(server.pid))
    finally:
        server.terminate()
        server.wait(30)


def _wait(url: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{url}/api/v1/model", timeout=5):  # noqa: S310
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the site did not start")
