"""What was deleted lies in the database's files until its place is used again. Each
night the files are written anew, so that within a day nothing of it is in them.

Postgres deletes by leaving a row out of sight. Its bytes stay in the table's file, in
the statistics of its columns, and in the journal (WAL).
"""

import logging
import time
from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from labeling import face_vectors
from labeling.models import FaceVector, ModelFile, SiteRecord

log = logging.getLogger(__name__)

NIGHT = 4  # o'clock: the hour in which the tables may be locked for a moment
LONGEST = timedelta(hours=20)  # then it is done by day; four more hours to try again
LOCKED = "10s"  # so long whoever asks may wait behind us for a table that we wait for
NOTHING_PERSONAL = [ModelFile._meta.db_table]  # and large
APART = [FaceVector._meta.db_table]  # its index takes long

OLDER_SNAPSHOTS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND greatest(age(backend_xmin), age(backend_xid)) > age(%s::xid)
"""
MAY_DROP_JOURNAL = """
    SELECT has_function_privilege('pg_switch_wal()', 'EXECUTE')
       AND pg_has_role('pg_checkpoint', 'USAGE')
       AND current_setting('wal_recycle') = 'off'
"""


def count_deletion() -> None:
    """Something personal was deleted, in this transaction: its bytes are to follow."""
    SiteRecord.get()
    SiteRecord.objects.filter(deletions=F("erased")).update(deleted_at=Now())
    SiteRecord.objects.update(deletions=F("deletions") + 1)


def is_due(now: datetime | None = None) -> bool:
    """At night, or once something has waited for most of a day."""
    if not face_vectors.are_ready():  # somebody was stopped while at it
        return True
    record, now = SiteRecord.get(), now or timezone.now()
    if record.deletions == record.erased or not record.deleted_at:
        return False
    return now.hour == NIGHT or now - record.deleted_at > LONGEST


def erase(*, patience: float = 60) -> bool:
    """Take the bytes of all that is deleted by now out of the database's files.

    False, when somebody still sees it (for longer than `patience` seconds) or holds a
    table: then it is for the next hour. Not in a transaction.
    """
    began, counted = timezone.now(), SiteRecord.get().deletions
    if not _is_seen_by_nobody(patience):
        log.warning("deleted bytes stay for an hour: a transaction still sees them")
        return False
    try:
        _rewrite_tables()
    except DatabaseError as why:
        log.error("deleted bytes stay for an hour: %s", why)
        return False
    _drop_journal()
    # What was deleted meanwhile is for the next time.
    SiteRecord.objects.update(erased=counted, erased_at=Now(), deleted_at=began)
    SiteRecord.objects.filter(deletions=counted).update(deleted_at=None)
    return True


def _is_seen_by_nobody(patience: float) -> bool:
    """A row that an older transaction may still see is taken along by a rewrite."""
    end = time.monotonic() + patience
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::xid::text")
        [horizon] = cursor.fetchone()
        while True:
            cursor.execute(OLDER_SNAPSHOTS, [horizon])
            if cursor.fetchone() == (0,):
                return True
            if time.monotonic() >= end:
                return False
            time.sleep(0.5)


def _rewrite_tables() -> None:
    tables = set(connection.introspection.table_names()) - {*NOTHING_PERSONAL, *APART}
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{LOCKED}'")
        try:
            for table in sorted(tables):
                name = connection.ops.quote_name(table)
                cursor.execute(f"VACUUM (FULL, ANALYZE) {name}")
            if not face_vectors.rewrite():
                raise DatabaseError("faces are being compared")
            # Samples of each column, bytes and addresses too, as of the last ANALYZE.
            cursor.execute("VACUUM (FULL) pg_catalog.pg_statistic")
        finally:
            cursor.execute("RESET lock_timeout")


def _drop_journal() -> None:
    """After a checkpoint no segment before it is kept."""
    with connection.cursor() as cursor:
        cursor.execute(MAY_DROP_JOURNAL)
        if cursor.fetchone() != (True,):
            log.error(
                "deleted bytes stay in the database's journal: this site's role needs "
                "GRANT pg_checkpoint and GRANT EXECUTE ON FUNCTION pg_switch_wal(), "
                "and Postgres wal_recycle = off"
            )
            return
        cursor.execute("SELECT pg_switch_wal()")
        cursor.execute("CHECKPOINT")
