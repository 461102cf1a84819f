"""`python -m deploy.supervisor.with_services backup …`: a command of manage.py, with
the database running for as long as it takes when the site itself does not run."""

import os
import subprocess
import sys

from deploy.supervisor import preflight, processes, services
from deploy.supervisor.guard import Guard
from deploy.supervisor.processes import Child
from webapp.config import service_paths
from webapp.config.startup_error import StartupError

# What must not happen under the feet of a running site.
ONLY_ALONE = ("restore",)


def run(command: list[str]) -> int:
    data = service_paths.data_folder()
    preflight.folder(data)
    os.environ["MIEN_DATA"] = str(data)
    try:
        lock = preflight.lock(data, address="no address: a backup or a restore")
    except StartupError:
        if command[0] in ONLY_ALONE:
            raise
        return _manage(command)
    guard, children = Guard(), list[Child]()
    try:
        services.start(data, guard, children)
        return _manage(command)
    finally:
        if children:
            processes.end(children, lambda: False)
        guard.dismiss()
        lock.close()


def _manage(command: list[str]) -> int:
    manage = [sys.executable, "manage.py", *command]
    return subprocess.run(manage, cwd=service_paths.ROOT).returncode


if __name__ == "__main__":
    try:
        sys.exit(run(sys.argv[1:]))
    except StartupError as why:
        sys.exit(str(why))
