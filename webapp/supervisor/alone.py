"""`python -m webapp.supervisor.alone backup …`: a command of manage.py, with the
database running for as long as it takes when the site itself does not run."""

import os
import subprocess
import sys

from webapp import env
from webapp.supervisor import ground, processes, services
from webapp.supervisor.__main__ import ROOT
from webapp.supervisor.guard import Guard
from webapp.supervisor.processes import Child
from webapp.supervisor.trouble import Trouble

# What must not happen under the feet of a running site.
ONLY_ALONE = ("restore",)


def run(command: list[str]) -> int:
    data = env.path("MIEN_DATA") or ROOT / ".data"
    ground.folder(data)
    os.environ["MIEN_DATA"] = str(data)
    try:
        lock = ground.lock(data, address="no address: a backup or a restore")
    except Trouble:
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
    return subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT).returncode


if __name__ == "__main__":
    try:
        sys.exit(run(sys.argv[1:]))
    except Trouble as why:
        sys.exit(str(why))
