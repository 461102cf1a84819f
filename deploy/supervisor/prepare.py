"""Everything between a running Postgres and the first request, in one process.

`python -m deploy.supervisor.prepare [ROLE]`: what the site needs, which one host at a
time sees to, and then what this host needs for its role, or for all of them.
"""

import hashlib
import sys
from pathlib import Path

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db.utils import OperationalError

from deploy.supervisor import preflight
from webapp.config.startup_error import StartupError


def main(role: str = "") -> int:
    try:
        preflight.controller()
        django.setup()
        prepare_site()
        prepare_host(role)
    except OperationalError as why:
        print(f"The database cannot be used: {why}".strip(), file=sys.stderr)
        return 1
    except (CommandError, ImproperlyConfigured, StartupError) as why:
        print(why, file=sys.stderr)
        return 1
    return 0


def prepare_site() -> None:
    from labeling import db

    # Held until this process ends: hosts that start together do it one by one.
    db.wait_for_session_lock(db.AdvisoryLock.PREPARING)
    call_command("migrate", verbosity=0, interactive=False)
    call_command("register_champion")
    call_command("create_first_admin")
    record_limits()


def prepare_host(role: str) -> None:
    if role != "clock":
        call_command("fetch_detector")
    if role in ("", "web"):
        call_command("fetch_engine")
        collect_static()
    if role == "training":
        know_test_faces()
    keep_withdrawal_log()


def know_test_faces() -> None:
    from labeling.contributions import fer2013_test_set

    fer2013_test_set.prepare()


def record_limits() -> None:
    from labeling import audit

    audit.record_limits()


def keep_withdrawal_log() -> None:
    """In both its places, complete as of now."""
    from labeling.contributions import withdrawal_log

    withdrawal_log.begin()


def collect_static() -> None:
    """Gather and compress the static files, if any has changed since the last time."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders

    seen = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            seen.update(f"{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    if stamp.exists() and stamp.read_text() == seen.hexdigest():
        return
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(seen.hexdigest())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
