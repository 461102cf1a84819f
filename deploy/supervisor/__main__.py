"""`python -m deploy.supervisor`: the whole site in one terminal, until stopped; with
`--only ROLE`, one role of a site that runs on several hosts."""

import argparse
import os
import sys
import time
from functools import partial

from deploy.supervisor import (
    health_check,
    one_role,
    preflight,
    roles,
    services,
    supervision,
)
from webapp.config import env, service_paths
from webapp.config.startup_error import StartupError


class Site(supervision.Supervision):
    def __init__(self) -> None:
        super().__init__()
        self.host = env.text("HOST", "127.0.0.1")
        self.port = env.integer("PORT", 8000)
        self.data = service_paths.data_folder()

    @property
    def address(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def claim(self) -> None:
        preflight.controller()
        preflight.folder(self.data)
        # The lock and the port are held until this process is gone.
        self.lock = preflight.lock(self.data, address=self.address)
        preflight.room(self.data)
        self.listener = preflight.port(self.host, self.port)
        os.environ.setdefault("SITE_URL", self.address)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.config.settings")
        os.environ["MIEN_DATA"] = str(self.data)

    def start(self) -> None:
        services.start(self.data, self.guard, self.services)
        self.raise_if_asked()
        self.prepare()
        self.raise_if_asked()
        self.webs = roles.web(self.listener)
        self.programs += roles.metrics(self.data)
        self.programs += [*self.webs, *map(roles.celery, roles.CELERY)]
        self.start_programs()
        self._wait_until_ready()
        print(f"Mien is ready at {self.address}/", flush=True)

    def _wait_until_ready(self) -> None:
        """Until /health finds everything in its place, or the web alone answers."""
        began = time.monotonic()
        answer = 0
        while time.monotonic() - began < (20 if answer else 120):
            self.raise_if_asked()
            answer = health_check.ask(self.address)
            if answer == 200:
                return
            if not any(child.is_alive for child in self.webs):
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
    parser = argparse.ArgumentParser(prog="python -m deploy.supervisor")
    parser.add_argument(
        "--only",
        choices=roles.ROLES,
        help="one role of a site that runs on several hosts, against DATABASE_URL "
        "and REDIS_URL",
    )
    only = parser.parse_args().only
    return supervision.main(partial(one_role.OneRole, only) if only else Site)


if __name__ == "__main__":
    sys.exit(main())
