"""Everything between a running Postgres and the first request, in one process."""

import hashlib
import sys
from pathlib import Path

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db.utils import OperationalError


def main() -> int:
    try:
        django.setup()
        call_command("migrate", verbosity=0, interactive=False)
        call_command("fetch_detector")
        call_command("fetch_engine")
        call_command("register_champion")
        call_command("create_first_admin")
        record_limits()
        collect_static()
        keep_withdrawal_log()
    except OperationalError as why:
        print(f"The database cannot be used: {why}".strip(), file=sys.stderr)
        return 1
    except (CommandError, ImproperlyConfigured) as why:
        print(why, file=sys.stderr)
        return 1
    return 0


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
    sys.exit(main())
