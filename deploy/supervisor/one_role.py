"""One role of a site that runs on several hosts, over a Postgres and a Redis that run
elsewhere. Whatever else it needs it makes itself, in its own MIEN_DATA."""

import os
import signal
import sys
import time

from deploy.supervisor import preflight, roles, supervision
from webapp.config import env, service_paths
from webapp.config.startup_error import StartupError


class OneRole(supervision.Supervision):
    def __init__(self, role: str) -> None:
        super().__init__()
        self.role = role
        self.data = service_paths.data_folder()
        self.leave_seconds = env.integer("LEAVE_SECONDS", 0)

    def claim(self) -> None:
        preflight.controller()
        for name in ("DATABASE_URL", "REDIS_URL"):
            if not env.text(name):
                raise StartupError(
                    f"--only {self.role} needs {name}: roles that run apart meet in "
                    "one Postgres and one Redis."
                )
        preflight.folder(self.data)
        self.lock = preflight.lock(
            self.data, address=f"the role {self.role}", name=f"{self.role}.lock"
        )
        if self.role == "web":
            host, port = env.text("HOST", "127.0.0.1"), env.integer("PORT", 8000)
            self.listener = preflight.port(host, port)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.config.settings")
        os.environ["MIEN_DATA"] = str(self.data)

    def start(self) -> None:
        self.prepare(self.role)
        self.raise_if_asked()
        if self.role == "web":
            self.programs += roles.metrics(self.data)
            self.programs += roles.web(self.listener)
        else:
            self.programs.append(roles.celery(self.role))
        self.start_programs()
        print(f"Mien's role {self.role} runs.", file=sys.stderr, flush=True)

    def stop(self) -> None:
        if self.role == "web":
            self._leave()
        super().stop()

    def _leave(self) -> None:
        """/health says that this host leaves, and it serves on until whoever spreads
        the requests has seen that."""
        self.is_stopping = True
        asked = self.asked
        for child in self.programs:
            if child.is_alive and child.name.startswith("Web"):
                child.running.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + self.leave_seconds
        while time.monotonic() < deadline and self.asked <= max(asked, 1):
            time.sleep(0.05)
