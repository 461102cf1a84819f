"""Children that are started, looked after, and ended in order once somebody asks."""

import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

from django.core.exceptions import ImproperlyConfigured

from deploy.supervisor import processes
from deploy.supervisor.guard import Guard
from deploy.supervisor.processes import Child
from webapp.config import service_paths
from webapp.config.startup_error import StartupError
from workers.parent_death import end_with_parent


class Stopped(BaseException):
    """Somebody asked us to end: Ctrl-C, SIGTERM, a closed terminal."""


class Supervision:
    def __init__(self) -> None:
        self.services: list[Child] = []
        self.programs: list[Child] = []
        self.asked = 0  # how often somebody asked us to end
        self.is_stopping = False

    def claim(self) -> None:
        """Take what must be ours before anything starts."""
        raise NotImplementedError

    def start(self) -> None:
        raise NotImplementedError

    def run(self) -> None:
        self.claim()
        self.guard = Guard()
        try:
            self.start()
            self.supervise()
        finally:
            self.stop()

    def prepare(self, *arguments: str) -> None:
        """Migrate, register what ships, make the first admin: in a process of its own,
        so that this one stays small."""
        process = processes.program(
            ["deploy.supervisor.prepare", *arguments], cwd=service_paths.ROOT
        )
        self.guard.watch(process.pid)
        try:
            process.wait()
        finally:
            process.kill()
            self.guard.forget(process.pid)
        if process.returncode:
            raise StartupError(
                "the site could not be prepared; the lines above say why."
            )

    def start_programs(self) -> None:
        for child in self.programs:
            processes.start(child, self.guard)

    def supervise(self) -> None:
        while True:
            self.raise_if_asked()
            for child in (*self.services, *self.programs):
                processes.look_after(child, self.guard)
            time.sleep(0.2)

    def stop(self) -> None:
        """Programs first, while Postgres and Redis still take their last words."""
        self.is_stopping = True
        asked = self.asked
        print("Mien is stopping …", file=sys.stderr, flush=True)
        is_hurried = lambda: self.asked > max(asked, 1)  # noqa: E731
        for children in (self.programs, self.services):
            if children:
                processes.end(children, is_hurried)
        self.guard.dismiss()

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        self.asked += 1
        self.raise_if_asked()

    def raise_if_asked(self) -> None:
        """Asked again after each step: what a signal raises in the midst of somebody's
        `__del__` is swallowed by Python."""
        if self.asked and not self.is_stopping:
            raise Stopped


def main(make: Callable[[], Supervision]) -> int:
    if "MAKELEVEL" in os.environ:
        # A killed `make` takes its site along; started by hand, the site may outlive
        # the shell that started it.
        end_with_parent(os.getppid(), signal.SIGTERM)
    try:
        supervision = make()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, supervision.on_signal)
        supervision.run()
    except Stopped:
        return 0
    except (StartupError, ImproperlyConfigured) as why:
        print(f"Mien cannot start: {why}", file=sys.stderr)
        return 1
    return 0
