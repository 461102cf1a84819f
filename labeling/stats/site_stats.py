"""The public figures. Counting 200,000 faces takes longer than a page may: beat counts
every few minutes (`refresh`), pages read the row that it wrote (`current`)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Min
from django.utils import timezone

from labeling.models import (
    Contribution,
    ModelVersion,
    SiteStats,
    TrainingRun,
    Withdrawal,
)
from labeling.registry import lineage
from labeling.stats import counts

STALE_AFTER = timedelta(minutes=15)  # beat is down: a page counts for itself
LOCK = 0x4D49454E03  # one count at a time


@dataclass(frozen=True)
class Waits:
    """What an admin should know before the next training."""

    accepted: int  # since the last snapshot
    review: int
    withdrawn: int  # and still in the champion
    withdrawn_since: datetime | None


def current() -> dict[str, Any]:
    """The figures as last counted, with "counted_at"; counted now if long ago."""
    figures = SiteStats.objects.first()
    if figures is None or figures.counted_at < timezone.now() - STALE_AFTER:
        figures = refresh() or figures
    if figures is None:  # somebody else is counting for the first time
        return counts.count() | {"counted_at": timezone.now().isoformat()}
    data: dict[str, Any] = figures.data
    return data | {"counted_at": figures.counted_at.isoformat()}


def refresh() -> SiteStats | None:
    """Count everything anew; None if somebody else is just doing so."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                return None
        figures, _created = SiteStats.objects.update_or_create(
            pk=1, defaults={"data": counts.count(), "counted_at": timezone.now()}
        )
        return figures


def waits() -> Waits:
    last = TrainingRun.objects.filter(snapshot__isnull=False).order_by("-pk").first()
    accepted = Contribution.objects.accepted()
    if last is not None:
        accepted = accepted.filter(decided_at__gt=last.snapshot.created_at)
    withdrawn = _withdrawn_from_champion()
    return Waits(
        accepted=accepted.count(),
        review=Contribution.objects.waiting().count(),
        withdrawn=withdrawn["n"],
        withdrawn_since=withdrawn["since"],
    )


def _withdrawn_from_champion() -> dict[str, Any]:
    champion = ModelVersion.objects.filter(is_champion=True).first()
    if champion is None or champion.contaminated_at is None:
        return {"n": 0, "since": None}
    seen = lineage.faces_seen_by(champion).values("contribution_id")
    return Withdrawal.objects.filter(pk__in=seen).aggregate(
        n=Count("pk"), since=Min("withdrawn_at")
    )
