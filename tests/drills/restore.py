"""A lost database is brought back from its backup, at the size of a site in use.

    python -m tests.drills.restore [FACES]

Faces are given, an encrypted backup is made, some are withdrawn, and the database is
lost with all that it knew of that. The backup is opened with its key and restored into
an empty one, by the log of withdrawals alone. It prints what each step took; what was
withdrawn must stay so.
"""

import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

from tests.support import services

FACES, WITHDRAWN = 20_000, 200


def main() -> None:
    faces = int(sys.argv[1]) if len(sys.argv) > 1 else FACES
    services.start_once()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory(prefix="mien-restore-") as name:
        drill(faces, Path(name) / "mien.dump")


def drill(faces: int, dump: Path) -> None:
    from django.conf import settings
    from django.core.management import call_command

    from labeling import synthetic_data
    from labeling.contributions import withdrawal_log, withdrawals
    from labeling.models import Contribution, Withdrawal
    from webapp import backup_encryption, backups

    call_command("migrate", verbosity=0)
    withdrawal_log.begin()
    synthetic_data.make(faces)
    key, settings.BACKUP_KEY = backup_encryption.new_key()
    with timed(f"a backup of {faces} faces, encrypted"):
        backups.dump(dump)
    print(f"  {dump.stat().st_size / 2**20:.0f} MB")
    gone = list(Contribution.objects.order_by("pk")[: min(WITHDRAWN, faces // 10)])
    with timed(f"{len(gone)} faces withdrawn"):
        for face in gone:
            withdrawals.withdraw(face)
    dump.with_name(backups.LOG_NAME).unlink()  # as old as the dump
    lose_database()
    call_command("migrate", verbosity=0)
    with timed("the restore"):
        taken_back, _accounts = backups.restore(dump, key=key)
    pks = [face.pk for face in gone]
    assert taken_back == len(gone), taken_back
    assert not Contribution.objects.filter(pk__in=pks).exists()
    assert Withdrawal.objects.filter(pk__in=pks).count() == len(gone)
    assert Contribution.objects.count() == faces - len(gone)
    print(f"{faces - len(gone)} faces are back, {len(gone)} stayed withdrawn")


def lose_database() -> None:
    """All of it; Mien finds an empty one, as on a new machine."""
    from django.db import connection

    name = connection.settings_dict["NAME"]
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name}")


@contextmanager
def timed(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main()
