"""`python -m deploy.supervisor`: the whole site in one terminal, until stopped."""

import os
import signal
import sys
import time
from functools import partial
from types import FrameType

from django.core.exceptions import ImproperlyConfigured

from deploy.supervisor import health_check, preflight, processes, services
from deploy.supervisor.guard import Guard
from deploy.supervisor.processes import Child
from webapp.config import env, service_paths
from webapp.config.startup_error import StartupError
from workers.parent_death import end_with_parent


class Stopped(BaseException):
    """Somebody asked us to end: Ctrl-C, SIGTERM, a closed terminal."""


class Site:
    def __init__(self) -> None:
        self.host = env.text("HOST", "127.0.0.1")
        self.port = env.integer("PORT", 8000)
        self.data = service_paths.data_folder()
        self.services: list[Child] = []
        self.programs: list[Child] = []
        self.asked = 0  # how often somebody asked us to end
        self.is_stopping = False

    @property
    def address(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def run(self) -> None:
        preflight.folder(self.data)
        # The lock and the port are held until this process is gone.
        self.lock = preflight.lock(self.data, address=self.address)
        preflight.room(self.data)
        self.listener = preflight.port(self.host, self.port)
        os.environ.setdefault("SITE_URL", self.address)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.config.settings")
        os.environ["MIEN_DATA"] = str(self.data)
        self.guard = Guard()
        try:
            self.start()
            self.supervise()
        finally:
            self.stop()

    def start(self) -> None:
        services.start(self.data, self.guard, self.services)
        self.raise_if_asked()
        self._prepare()
        self.raise_if_asked()
        self._plan_programs()
        for child in self.programs:
            processes.start(child, self.guard)
        self._wait_until_ready()
        print(f"Mien is ready at {self.address}/", flush=True)

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

    def _prepare(self) -> None:
        """Migrate, register what ships, make the first admin: in a process of its own,
        so that this one stays small."""
        process = processes.program(
            ["deploy.supervisor.prepare"], cwd=service_paths.ROOT
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

    def _plan_programs(self) -> None:
        listener = self.listener.fileno()
        web = ["gunicorn", "-c", "python:webapp.config.gunicorn", "webapp.wsgi"]
        celery = ["celery", "--quiet", "-A", "workers.app:app"]
        worker = [*celery, "worker", "--loglevel", "INFO"]
        # Workers have nothing to tell each other, and a start need not wait for it.
        worker += ["--without-mingle", "--without-gossip"]
        commands = {
            "Web": [*web, "--bind", f"fd://{listener}"],
            "Worker": [*worker, "-Q", "default", "-n", "default@%h"],
            "Trainer": [*worker, "-Q", "training", "-n", "training@%h", "-c", "1"],
            "Clock": [*celery, "beat", "--loglevel", "WARNING"],
        }
        for name, command in commands.items():
            fds = (listener,) if name == "Web" else ()
            start = partial(
                processes.program, command, cwd=service_paths.ROOT, pass_fds=fds
            )
            self.programs.append(Child(name, start))

    def _wait_until_ready(self) -> None:
        """Until /health finds everything in its place, or the web alone answers."""
        web = self.programs[0]
        began = time.monotonic()
        answer = 0
        while time.monotonic() - began < (20 if answer else 120):
            self.raise_if_asked()
            answer = health_check.ask(self.address)
            if answer == 200:
                return
            if not web.is_alive:
                raise StartupError("the web server ended; the lines above say why.")
            time.sleep(0.1)
        if not answer:
            raise StartupError(
                "the web server does not answer; the lines above say why."
            )
        print(
            f"Not everything is in its place yet: see {self.address}/health",
            file=sys.stderr,
        )


def main() -> int:
    if "MAKELEVEL" in os.environ:
        # A killed `make` takes its site along; started by hand, the site may outlive
        # the shell that started it.
        end_with_parent(os.getppid(), signal.SIGTERM)
    try:
        site = Site()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, site.on_signal)
        site.run()
    except Stopped:
        return 0
    except (StartupError, ImproperlyConfigured) as why:
        print(f"Mien cannot start: {why}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
