"""`python -m deploy.supervisor.web`: the web processes alone, as in a container, over a
Postgres and a Redis that run elsewhere."""

import socket
import sys
from functools import partial

from deploy.supervisor import preflight, processes, supervision
from deploy.supervisor.processes import Child
from webapp.config import env, service_paths


def children(listener: socket.socket) -> list[Child]:
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


class Web(supervision.Supervision):
    def claim(self) -> None:
        preflight.controller()
        host, port = env.text("HOST", "127.0.0.1"), env.integer("PORT", 8000)
        self.listener = preflight.port(host, port)

    def start(self) -> None:
        self.programs += children(self.listener)
        self.start_programs()


if __name__ == "__main__":
    sys.exit(supervision.main(Web))
