"""What the ORM does not know of Postgres: advisory locks, COPY, counts of very many
rows, full disks, and that it is away."""

import errno
import io
import json
import math
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from psycopg2 import InterfaceError, OperationalError, errors

from labeling.errors import Refused

COUNTED_UP_TO = 10_000  # rows; counting a million takes a tenth of a second
ASK_EVERY = 0.2  # seconds
LAST_ROOM = 100 * 2**20  # bytes: for withdrawals, votes, sessions, the journal

_SHUTDOWNS = ("57P01", "57P02", "57P03")  # it ends, crashed, or starts

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


# The database sessions that hold a lock.
HOLDERS = """
    SELECT pid FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 1
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (classid::bigint << 32) + objid::bigint = %s
"""
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
    RINGS = 0x4D49454E06  # one search for rings at a time
    CLOCK = 0x4D49454E10  # a session's: the one clock that ticks
    PREPARING = 0x4D49454E11  # a session's: one host that migrates at a time


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


@contextmanager
def trying_lock(lock: AdvisoryLock) -> Iterator[bool]:
    """Hold a lock for a block that is no transaction; False if somebody else has it."""
    is_ours = try_session_lock(lock)
    try:
        yield is_ours
    finally:
        if is_ours:
            _ask("SELECT pg_advisory_unlock(%s)", lock)


def wait_for_session_lock(lock: AdvisoryLock) -> None:
    """Wait for a lock; it is held until this connection closes. Asked again and again:
    a statement that waits is what an index made CONCURRENTLY waits for, so that whoever
    makes one with the lock and whoever waits for the lock would never end."""
    while not try_session_lock(lock):
        time.sleep(ASK_EVERY)


def is_held(lock: AdvisoryLock) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS ({HOLDERS})", [lock])
        return bool(cursor.fetchone()[0])


def disconnect_holder(lock: AdvisoryLock) -> None:
    """End the database session that has a lock, whoever it is."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pg_terminate_backend(pid) FROM ({HOLDERS}) AS holders",  # noqa: S608
            [lock],
        )


def check_room() -> None:
    """Before much is written. Raises Refused while the last of the room is left: a
    Postgres that can write no journal ends, and even a withdrawal with it."""
    folders = [settings.MIEN_DATA, settings.POSTGRES_FOLDER]
    if any(room(Path(folder)) < LAST_ROOM for folder in folders if folder):
        raise no_room()


def room(folder: Path) -> float:
    """Bytes that are free where a folder is."""
    try:
        return shutil.disk_usage(folder).free
    except (FileNotFoundError, PermissionError):
        return math.inf  # Not made yet, or another user's: no word about room.


def no_room() -> Refused:
    return Refused(
        "no_room",
        _("This site has no room left, so nothing was kept. Please try again later."),
    )


def is_disk_full(error: BaseException | None) -> bool:
    """Whether it came of a full disk, the database's or ours."""
    return any(
        isinstance(cause, errors.DiskFull)
        or (isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT))
        for cause in _causes(error)
    )


def is_away(error: BaseException | None) -> bool:
    """Whether the database could not be reached, or ended the connection."""
    for cause in _causes(error):
        if isinstance(cause, OperationalError | InterfaceError):
            # Without a state it is the connection that fails.
            state = cause.pgcode or ""
            return not state or state.startswith("08") or state in _SHUTDOWNS
    return False


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what it was raised from."""
    while error:
        yield error
        error = error.__cause__


def plan_for_all_rows() -> None:
    """Cursors of this transaction are read to their end. Postgres takes it that a tenth
    will do, and plans for that: of a million rows in the order of their ids it would
    fetch each by itself, which takes six times as long as sorting them."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL cursor_tuple_fraction = 1")


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


def count_about(rows: QuerySet[Any]) -> int:
    """How many rows there are: exactly up to COUNTED_UP_TO; above, as many as Postgres
    expects by its statistics, which vacuum keeps within some percent."""
    rows = rows.order_by()
    count = rows[:COUNTED_UP_TO].count()
    if count < COUNTED_UP_TO:
        return count
    [plan] = json.loads(rows.explain(format="json"))
    return max(count, int(plan["Plan"]["Plan Rows"]))


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
