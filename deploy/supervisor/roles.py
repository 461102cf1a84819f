"""The programs of a site by what they do: web, default, training, clock."""

import os
import shutil
import socket
from functools import partial
from pathlib import Path

from deploy.supervisor import processes
from deploy.supervisor.processes import Child
from webapp.config import env, service_paths

_CELERY = ["celery", "--quiet", "-A", "workers.app:app"]
# Workers have nothing to tell each other, and a start need not wait for it.
_WORKER = [*_CELERY, "worker", "--loglevel", "INFO"]
_WORKER += ["--without-mingle", "--without-gossip"]

CELERY = {
    "default": ("Worker", [*_WORKER, "-Q", "default", "-n", "default@%h"]),
    "training": (
        "Trainer",
        [*_WORKER, "-Q", "training", "-n", "training@%h", "-c", "1"],
    ),
    "clock": ("Clock", [*_CELERY, "beat", "--loglevel", "WARNING"]),
}
ROLES = ("web", *CELERY)


def web(listener: socket.socket) -> list[Child]:
    """One a process, all on the same socket, which outlives each of them."""
    fd = listener.fileno()
    start = partial(
        processes.program,
        ["webapp.server", str(fd)],
        cwd=service_paths.ROOT,
        pass_fds=(fd,),
    )
    count = max(1, env.integer("WEB_PROCESSES", 2))
    return [Child(f"Web {number}", start) for number in range(1, count + 1)]


def metrics(data: Path) -> list[Child]:
    """The port for Prometheus, where METRICS_AT asks for one. What the web processes
    count lies in a folder that is empty at each start."""
    where = env.host_and_port("METRICS_AT")
    if where is None:
        return []
    counted = data / "metrics"
    shutil.rmtree(counted, ignore_errors=True)
    counted.mkdir()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(counted)
    command = ["webapp.metrics", where[0], str(where[1])]
    start = partial(processes.program, command, cwd=service_paths.ROOT)
    return [Child("Metrics", start)]


def celery(role: str) -> Child:
    name, command = CELERY[role]
    return Child(name, partial(processes.program, command, cwd=service_paths.ROOT))
