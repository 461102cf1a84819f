"""What the ORM does not know of Postgres: advisory locks, and COPY."""

import io
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any

from django.db import connection

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


NAMED = 0x4D49454E  # the first of the two numbers that lock a name


class AdvisoryLock(IntEnum):
    """All that the site takes. Releases side by side must agree on the numbers."""

    RETRAINING = 0x4D49454E00  # a session's: whoever works on a run
    # Withdrawing and adding a version, so that neither overlooks the other.
    LINEAGE = 0x4D49454E01
    CHAMPION = 0x4D49454E02  # one change of champion at a time
    SITE_STATS = 0x4D49454E03  # one count at a time
    NEAR_DUPLICATES = 0x4D49454E04  # one clustering at a time
    RUN_REQUESTS = 0x4D49454E05  # one request for a retraining at a time


def hold_lock(lock: AdvisoryLock) -> None:
    """Wait for a lock; it is held until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])


def hold_lock_on(name: str) -> None:
    """Wait for whatever else holds this name, until this transaction ends. Names have a
    space of their own, apart from the numbers above."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [NAMED, name])


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
