"""The public figures. Counting 200,000 faces takes longer than a page may: beat counts
every few minutes (`refresh`), pages read the row that it wrote (`current`)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import krippendorff
import numpy as np
from django.db import connection, transaction
from django.db.models import Count, Min, Q
from django.db.models.functions import TruncWeek
from django.utils import timezone

from labeling.db import AdvisoryLock, try_lock
from labeling.emotions import Emotion
from labeling.models import (
    Contribution,
    ModelVersion,
    Review,
    SiteStats,
    TrainingRun,
    Vote,
    Withdrawal,
)
from labeling.registry import lineage, model_versions
from labeling.review import demand
from labeling.stats import figures
from labeling.stats.feedback_rates import feedback_rates

STALE_AFTER = timedelta(minutes=15)  # beat is down: a page counts for itself
RECENT = timedelta(days=7)
CHOICES = tuple(dict(Vote.CHOICES))

# How many faces got which votes: a few thousand kinds, however many faces. Gold votes
# test the voter; votes taken along with a face that one person saw alone prove nothing.
_VOTE_COUNTS = f"""
    SELECT counts, count(*) FROM (
        SELECT ARRAY[{
    ", ".join(f"count(*) FILTER (WHERE choice = '{choice}')" for choice in CHOICES)
}] AS counts
        FROM labeling_vote WHERE gold_answer = ''
        GROUP BY contribution_id HAVING count(*) > 1
    ) AS faces GROUP BY counts
"""  # noqa: S608


@dataclass(frozen=True)
class Waits:
    """What an admin should know before the next training."""

    accepted: int  # since the last snapshot
    review: int
    withdrawn: int  # and still in the champion
    withdrawn_since: datetime | None


def current() -> figures.DatedFigures:
    """The figures as last counted; counted now if long ago."""
    row = SiteStats.objects.first()
    if row is None or row.counted_at < timezone.now() - STALE_AFTER:
        row = refresh() or row
    if row is None:  # somebody else is counting for the first time
        row = SiteStats(data=_count().model_dump(), counted_at=timezone.now())
    return figures.DatedFigures(**row.data, counted_at=row.counted_at.isoformat())


def refresh() -> SiteStats | None:
    """Count everything anew; None if somebody else is just doing so."""
    with transaction.atomic():
        if not try_lock(AdvisoryLock.SITE_STATS):
            return None
        data = _count().model_dump(mode="json")
        row, _created = SiteStats.objects.update_or_create(
            pk=1, defaults={"data": data, "counted_at": timezone.now()}
        )
        return row


def waits() -> Waits:
    last = TrainingRun.objects.filter(snapshot__isnull=False).order_by("-pk").first()
    accepted = Contribution.objects.accepted()
    if last is not None:
        accepted = accepted.filter(decided_at__gt=last.snapshot.created_at)
    withdrawn, since = _withdrawn_from_champion()
    return Waits(
        accepted=accepted.count(),
        review=Contribution.objects.waiting().count(),
        withdrawn=withdrawn,
        withdrawn_since=since,
    )


def _withdrawn_from_champion() -> tuple[int, datetime | None]:
    """How many faces, and since when."""
    champion = model_versions.current()
    if champion is None or champion.contaminated_at is None:
        return 0, None
    seen = lineage.faces_seen_by(champion).values("contribution_id")
    found = Withdrawal.objects.filter(pk__in=seen).aggregate(
        n=Count("pk"), since=Min("withdrawn_at")
    )
    return found["n"], found["since"]


def _count() -> figures.Figures:
    faces = Contribution.objects.order_by()
    status = dict(faces.values_list("status").annotate(n=Count("*")))
    givers = faces.filter(giver__isnull=False).values("giver").distinct()
    return figures.Figures(
        given=sum(status.values()),
        accepted=status.get("accepted", 0),
        rejected=status.get("rejected", 0),
        waiting=status.get("waiting", 0),
        withdrawn=Withdrawal.objects.count(),
        givers=givers.count(),
        emotions=_by_emotion(),
        have=demand.faces_by_emotion(),
        weeks=_by_week(),
        backlog=_backlog(),
        votes=_votes(),
        agreement=agreement(),
        corrections=_corrections(),
    )


def agreement() -> figures.Agreement:
    with connection.cursor() as cursor:
        cursor.execute(_VOTE_COUNTS)
        kinds = cursor.fetchall()
    counts = np.array([counts for counts, _faces in kinds]).reshape(-1, len(CHOICES))
    faces = [faces for _counts, faces in kinds]
    alpha = None
    if np.count_nonzero(counts.sum(axis=0)) > 1:
        alpha = krippendorff.alpha(
            value_counts=np.repeat(counts, faces, axis=0),
            level_of_measurement="nominal",
        )
    return figures.Agreement(
        alpha=None if alpha is None else round(float(alpha), 4), faces=sum(faces)
    )


def _by_emotion() -> tuple[figures.EmotionCounts, ...]:
    faces = Contribution.objects.order_by()
    is_kept = Q(status=Contribution.Status.ACCEPTED)
    given = {
        emotion: (n, accepted)
        for emotion, n, accepted in faces.values_list("emotion").annotate(
            n=Count("*"), accepted=Count("pk", filter=is_kept)
        )
    }
    decided = dict(
        faces.filter(is_kept).values_list("decided_emotion").annotate(n=Count("*"))
    )
    return tuple(
        figures.EmotionCounts(
            emotion=emotion,
            given=given.get(emotion, (0, 0))[0],
            accepted=given.get(emotion, (0, 0))[1],
            shown=decided.get(emotion, 0),
        )
        for emotion in Emotion.values
    )


def _by_week() -> figures.Weeks:
    rows = list(
        Contribution.objects.order_by()
        .values_list(TruncWeek("created_at"), "emotion")
        .annotate(n=Count("*"))
    )
    if not rows:
        return figures.Weeks(starts=(), given=dict.fromkeys(Emotion.values, ()))
    week, last = min(row[0] for row in rows), max(row[0] for row in rows)
    starts = []
    while week <= last:
        starts.append(week)
        week += timedelta(days=7)
    found = {(week.date(), emotion): n for week, emotion, n in rows}
    days = [week.date() for week in starts]
    return figures.Weeks(
        starts=tuple(days),
        given={
            emotion: tuple(found.get((day, emotion), 0) for day in days)
            for emotion in Emotion.values
        },
    )


def _backlog() -> figures.Backlog:
    waiting = Contribution.objects.waiting().order_by()
    oldest = waiting.aggregate(oldest=Min("created_at"))["oldest"]
    since = timezone.now() - RECENT
    acts = (Review.Act.ACCEPT, Review.Act.RELABEL, Review.Act.REJECT)
    decided = Review.objects.filter(act__in=acts, undone_by=None, created_at__gt=since)
    return figures.Backlog(
        oldest=oldest.isoformat() if oldest else None,
        decided_in_a_week=decided.count(),
    )


def _votes() -> figures.Votes:
    votes = Vote.objects.order_by()
    voters = votes.filter(voter__isnull=False).values("voter").distinct()
    return figures.Votes(
        count=votes.count(),
        voters=voters.count(),
        choices=dict(votes.values_list("choice").annotate(n=Count("*"))),
    )


def _corrections() -> tuple[figures.Corrections, ...]:
    names = dict(ModelVersion.objects.order_by("pk").values_list("pk", "name"))
    found = feedback_rates(list(names))
    return tuple(
        figures.Corrections(
            version=name, answers=c.n, wrong=c.wrong, low=c.low, high=c.high
        )
        for pk, name in names.items()
        if (c := found.get(pk))
    )
