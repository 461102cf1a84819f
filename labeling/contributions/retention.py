"""Nothing is kept for longer than it is of use. Beat calls `purge` once a day."""

import logging
import re
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from labeling.contributions import withdrawals
from labeling.models import Contribution, Session, SpentToken
from labeling.webhooks import deliveries

log = logging.getLogger(__name__)

BATCH = 500
NIGHTLY = "-nightly"  # what the clock's dumps have in their names
MADE_AT = re.compile(rf"mien-(\d{{4}}-\d\d-\d\d-\d{{6}}){NIGHTLY}\.dump(\.age)?")


def purge() -> dict[str, int]:
    """Delete what is too old; how many of each kind. Logged by counts alone."""
    waiting_since = Now() - timedelta(days=settings.KEEP_WAITING_DAYS)
    rejected_since = Now() - timedelta(days=settings.KEEP_REJECTED_DAYS)
    faces = Contribution.objects.all()
    gone = {
        "waiting": _delete(faces.waiting(), created_at=waiting_since),
        "rejected": _delete(
            faces.filter(status=Contribution.Status.REJECTED), decided_at=rejected_since
        ),
        "in_doubt": _delete(
            faces.filter(status=Contribution.Status.IN_DOUBT), decided_at=waiting_since
        ),
        "tokens": SpentToken.objects.filter(expires_at__lt=Now()).delete()[0],
        "messages": deliveries.purge(),
        "sessions": Session.objects.filter(expire_date__lt=Now()).delete()[0],
    }
    gone["dumps"] = prune_dumps(Path(settings.WITHDRAWAL_LOG_COPY).parent)
    log.info("purged: %s", ", ".join(f"{n} {kind}" for kind, n in gone.items()))
    return gone


def prune_dumps(folder: Path) -> int:
    """Delete `mien-….dump` in a folder that are too old, for withdrawn faces lie in
    them, and of the clock's those that are in no ring; how many."""
    oldest = time.time() - settings.KEEP_BACKUPS_DAYS * 24 * 3600
    dumps = [
        dump for ending in ("", ".age") for dump in folder.glob(f"mien-*.dump{ending}")
    ]
    nightly = {dump.name for dump in dumps if MADE_AT.fullmatch(dump.name)}
    in_no_ring = nightly - in_rings(nightly)
    gone = [
        dump
        for dump in dumps
        if dump.name in in_no_ring or dump.stat().st_mtime < oldest
    ]
    for dump in gone:
        dump.unlink(missing_ok=True)
    return len(gone)


def in_rings(names: Iterable[str]) -> set[str]:
    """The last of each day, week and month, of as many of them as the settings say.
    Only those count that have a dump: while none are made, none are lost."""
    rings = {
        "%Y-%m-%d": settings.KEEP_DAILY_BACKUPS,
        "%G-%V": settings.KEEP_WEEKLY_BACKUPS,
        "%Y-%m": settings.KEEP_MONTHLY_BACKUPS,
    }
    oldest_first = sorted(names)
    kept = set(oldest_first[-1:])
    for period, number in rings.items():
        last_of = {_made_at(name).strftime(period): name for name in oldest_first}
        kept |= set(list(last_of.values())[::-1][:number])
    return kept


def _made_at(name: str) -> datetime:
    moment = MADE_AT.sub(r"\1+0000", name)
    return datetime.strptime(moment, "%Y-%m-%d-%H%M%S%z")


def _delete(faces: QuerySet[Contribution], **since: CombinedExpression) -> int:
    """Those before a moment, named by its column: a few at a time, each in a
    transaction of its own, so that nobody waits long.

    The oldest come first, which an index finds. They are looked up again under the
    lock: one that was decided in this very moment is not too old any more.
    """
    [(column, moment)] = since.items()
    old, count = faces.filter(**{f"{column}__lt": moment}).order_by(column), 0
    while True:
        with transaction.atomic():
            some = old.select_for_update(skip_locked=True)
            batch = withdrawals.delete_faces(some.values_list("pk", flat=True)[:BATCH])
        if not batch:
            return count
        count += len(batch)
