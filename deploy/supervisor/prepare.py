"""Everything between a running Postgres and the first request, in one process.

`python -m deploy.supervisor.prepare [ROLE]`: what the site needs, which one host at a
time sees to, and then what this host needs for its role, or for all of them.
"""

import hashlib
import os
import sys
import time
from pathlib import Path

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import OperationalError
from psycopg2 import errors

from deploy.supervisor import preflight
from webapp.config import version
from webapp.config.startup_error import StartupError

LONGEST_WAIT = "3s"  # for a table; requests wait behind whoever waits for one
TRIES = 100


def main(role: str = "") -> int:
    try:
        preflight.controller()
        django.setup()
        prepare_site(is_whole=not role)
        prepare_host(role)
    except OperationalError as why:
        print(f"The database cannot be used: {why}".strip(), file=sys.stderr)
        return 1
    except (CommandError, ImproperlyConfigured, StartupError) as why:
        print(why, file=sys.stderr)
        return 1
    return 0


def prepare_site(*, is_whole: bool) -> None:
    from labeling import db

    # Held until this process ends: hosts that start together do it one by one.
    db.wait_for_session_lock(db.AdvisoryLock.PREPARING)
    if is_whole:
        back_up_before_upgrade()
    migrate()
    call_command("register_champion")
    call_command("create_first_admin")
    record_limits()


def back_up_before_upgrade() -> None:
    """Where tables of an earlier version are about to change. Whoever runs roles
    apart makes a backup beforehand, at a time of their own choice."""
    from webapp import backups

    executor = MigrationExecutor(connection)
    is_old = bool(executor.loader.applied_migrations)
    if not is_old or not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    try:
        file = backups.dump_before_upgrade()
    except (backups.Failed, OSError) as why:
        raise CommandError(
            f"This version changes the tables, and they cannot be backed up before: "
            f"{why}. Nothing was changed. Back them up yourself, then run "
            "`python manage.py migrate`, and start again."
        ) from why
    print(
        f"The tables change to those of Mien {version.running()['mien']}. As they "
        f"were, they are in {file}.\nTo go back: stop this, check out the one before, "
        f"and `make restore {file}`; docs/upgrading.md has more.",
        flush=True,
    )


def migrate() -> None:
    """The former version may serve meanwhile: nobody waits for long behind a migration
    that waits for a table, as while a backup is made."""
    for _ in range(TRIES):
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = %s", [LONGEST_WAIT])
            call_command("migrate", verbosity=0, interactive=False)
            break
        except OperationalError as why:
            if not isinstance(why.__cause__, errors.LockNotAvailable):
                raise
            print("The tables are in use; the migration tries again.", file=sys.stderr)
            time.sleep(1.0)
    else:
        raise CommandError("The tables stay in use: see who holds them, and try again.")
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")


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
            # Whole seconds: an image's layers keep no more.
            seen.update(f"{name} {found.st_size} {int(found.st_mtime)}\n".encode())
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    if stamp.exists() and stamp.read_text() == seen.hexdigest():
        return
    if stamp.exists() and not os.access(stamp, os.W_OK):
        return  # An image's, made with its code, and read-only like that.
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(seen.hexdigest())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
