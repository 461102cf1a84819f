"""What the ORM does not know of Postgres: advisory locks, COPY, and a full disk."""

import errno
import io
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any

from django.db import connection
from psycopg2 import errors

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class AdvisoryLock(IntEnum):
    """All that the site takes. Releases side by side must agree on the numbers."""

    RETRAINING = 0x4D49454E00  # a session's: whoever works on a run
    # Withdrawing and adding a version, so that neither overlooks the other.
    LINEAGE = 0x4D49454E01
    CHAMPION = 0x4D49454E02  # one change of champion at a time
    SITE_STATS = 0x4D49454E03  # one count at a time
    NEAR_DUPLICATES = 0x4D49454E04  # one clustering at a time


def hold_lock(lock: AdvisoryLock) -> None:
    """Wait for a lock; it is held until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])


def try_lock(lock: AdvisoryLock) -> bool:
    """Take a lock until this transaction ends; False if somebody else has it."""
    return _ask("SELECT pg_try_advisory_xact_lock(%s)", lock)


def try_session_lock(lock: AdvisoryLock) -> bool:
    """Take a lock until this connection closes; False if somebody else has it."""
    return _ask("SELECT pg_try_advisory_lock(%s)", lock)


def disconnect_holder(lock: AdvisoryLock) -> None:
    """End the database session that has a lock, whoever it is."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT pg_terminate_backend(pid) FROM pg_locks
            WHERE locktype = 'advisory' AND granted AND objsubid = 1
              AND database = (
                  SELECT oid FROM pg_database WHERE datname = current_database())
              AND (classid::bigint << 32) + objid::bigint = %s
            """,
            [lock],
        )


def is_disk_full(error: BaseException | None) -> bool:
    """Whether it came of a full disk, the database's or ours."""
    while error:
        if isinstance(error, errors.DiskFull):
            return True
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__
    return False


def copy_rows(
    table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert rows of text, numbers, bytes and None, in the current transaction."""
    text = io.StringIO()
    for row in rows:
        text.write("\t".join(map(_field, row)) + "\n")
    text.seek(0)
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN", text)


def _ask(sql: str, lock: AdvisoryLock) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql, [lock])
        return bool(cursor.fetchone()[0])


def _field(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    return str(value).translate(_ESCAPES)
