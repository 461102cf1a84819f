"""The public figures. Counting 200,000 faces takes longer than a page may: beat counts
every few minutes (`refresh`), pages read the row that it wrote (`current`)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction
from django.db.models import Count, DateField, Min
from django.db.models.functions import TruncWeek
from django.utils import timezone
from numpy.typing import NDArray

from labeling.db import AdvisoryLock, count_about, try_lock
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
from labeling.stats import feedback_rates, figures

STALE_AFTER = timedelta(minutes=15)  # beat is down: a page counts for itself
REST = 50  # times as long as it took, until all is counted again
RECENT = timedelta(days=7)
# The votes of a million faces are summed in 100 MB: half the work.
_ROOM = "SET LOCAL work_mem = '64MB'"
CHOICES = tuple(dict(Vote.CHOICES))
KINDS = ("status", "consent_version", "notice_version")  # that whoever runs it watches

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


class _Kind(NamedTuple):
    """Faces that are alike in all that is counted: some thousand kinds of a million."""

    status: str
    emotion: str
    decided_emotion: str
    week: date  # its Monday
    consent_version: str
    notice_version: str
    n: int


@dataclass(frozen=True)
class Waits:
    """What an admin should know before the next training."""

    accepted: int  # since the last snapshot
    review: int
    withdrawn: int  # and still in the champion
    withdrawn_since: datetime | None


def current() -> figures.DatedFigures:
    """The figures as last counted; counted now if long ago."""
    row = _last()
    if row is None:  # somebody else is counting for the first time
        now = timezone.now()
        row = SiteStats(data=_count(now, _faces()).model_dump(), counted_at=now)
    return figures.DatedFigures(**row.data, counted_at=row.counted_at.isoformat())


def refresh_when_due() -> SiteStats | None:
    """Count anew, for at most a fiftieth of the time: ten seconds in eight minutes."""
    row = SiteStats.objects.first()
    if row and timezone.now() < row.counted_at + _rest(row):
        return None
    return refresh()


def _rest(row: SiteStats) -> timedelta:
    return timedelta(seconds=REST * row.data.get("took", 0.0))


def refresh() -> SiteStats | None:
    """Count everything anew; None if somebody else is just doing so."""
    with transaction.atomic():
        if not try_lock(AdvisoryLock.SITE_STATS):
            return None
        began = timezone.now()  # whoever adds what came since overlooks nothing
        with connection.cursor() as cursor:
            cursor.execute(_ROOM)
        faces = _faces()
        counted = _count(began, faces).model_dump(mode="json")
        data = counted | {"kinds": _by_each_of_kinds(faces)}
        data["took"] = (timezone.now() - began).total_seconds()
        row, _created = SiteStats.objects.update_or_create(
            pk=1, defaults={"data": data, "counted_at": began}
        )
        return row


def kinds() -> dict[str, dict[str, int]]:
    """As last counted: faces by each of KINDS."""
    row = _last()
    counted: dict[str, dict[str, int]] = row.data.get("kinds", {}) if row else {}
    return counted or _by_each_of_kinds(_faces())  # the former version had none


def _last() -> SiteStats | None:
    """What was counted last; counted now if that is long ago."""
    row = SiteStats.objects.first()
    if row and timezone.now() < row.counted_at + STALE_AFTER + _rest(row):
        return row
    return refresh() or row


def _faces() -> list[_Kind]:
    """All faces, gone through once: whatever is said of them is a sum of these."""
    columns = _Kind._fields[:-1]
    week = TruncWeek("created_at", output_field=DateField())
    kinds = Contribution.objects.order_by().annotate(week=week).values_list(*columns)
    return [_Kind(*row) for row in kinds.annotate(n=Count("*"))]


def _summed(faces: Iterable[_Kind], by: str) -> Counter[Any]:
    sums = Counter[Any]()
    for kind in faces:
        sums[getattr(kind, by)] += kind.n
    return sums


def _by_each_of_kinds(faces: list[_Kind]) -> dict[str, dict[str, int]]:
    return {kind: dict(_summed(faces, kind)) for kind in KINDS}


def waits() -> Waits:
    last = TrainingRun.objects.filter(snapshot__isnull=False).order_by("-pk").first()
    accepted = Contribution.objects.accepted()
    if last is not None:
        accepted = accepted.filter(decided_at__gt=last.snapshot.created_at)
    withdrawn, since = withdrawn_from_champion()
    return Waits(
        accepted=count_about(accepted),
        review=count_about(Contribution.objects.waiting()),
        withdrawn=withdrawn,
        withdrawn_since=since,
    )


def withdrawn_from_champion() -> tuple[int, datetime | None]:
    """How many faces, and since when. A run goes on from a version that saw no
    withdrawn face, so there are none from before."""
    champion = model_versions.current()
    if champion is None or champion.contaminated_at is None:
        return 0, None
    gone = Withdrawal.objects.all()
    if champion.run is not None:
        gone = gone.filter(withdrawn_at__gte=champion.run.created_at)
    seen = lineage.faces_seen_by(champion).values("contribution_id")
    found = gone.filter(pk__in=seen).aggregate(n=Count("pk"), since=Min("withdrawn_at"))
    return found["n"], found["since"]


def _count(now: datetime, faces: list[_Kind]) -> figures.Figures:
    status = _summed(faces, "status")
    gifts = Contribution.objects.order_by().filter(giver__isnull=False)
    return figures.Figures(
        given=status.total(),
        accepted=status["accepted"],
        rejected=status["rejected"],
        waiting=status["waiting"],
        withdrawn=Withdrawal.objects.count(),
        givers=gifts.values("giver").distinct().count(),
        emotions=_by_emotion(faces),
        have=demand.faces_by_emotion(),
        weeks=_by_week(faces),
        backlog=_backlog(),
        votes=_votes(),
        agreement=agreement(),
        corrections=_corrections(now),
    )


def agreement() -> figures.Agreement:
    with connection.cursor() as cursor:
        cursor.execute(_VOTE_COUNTS)
        kinds = cursor.fetchall()
    counts = np.array([counts for counts, _faces in kinds]).reshape(-1, len(CHOICES))
    faces = np.array([faces for _counts, faces in kinds], int)
    alpha = None
    if np.count_nonzero(counts.sum(axis=0)) > 1:
        alpha = round(_krippendorffs_alpha(counts, faces), 4)
    return figures.Agreement(alpha=alpha, faces=int(faces.sum()))


def _krippendorffs_alpha(counts: NDArray[np.int64], faces: NDArray[np.int64]) -> float:
    """Of nominal answers (Krippendorff 2004, chapter 11): `counts` of each choice, and
    how many faces have just these, so that a million faces are a few thousand rows."""
    votes, said = counts.sum(axis=1), faces @ counts
    differ = (votes**2 - (counts**2).sum(axis=1)) / (votes - 1)
    expected = (said.sum() ** 2 - (said**2).sum()) / (said.sum() - 1)
    return float(1 - faces @ differ / expected)


def _by_emotion(faces: list[_Kind]) -> tuple[figures.EmotionCounts, ...]:
    kept = [kind for kind in faces if kind.status == Contribution.Status.ACCEPTED]
    given, accepted = _summed(faces, "emotion"), _summed(kept, "emotion")
    decided = _summed(kept, "decided_emotion")
    return tuple(
        figures.EmotionCounts(
            emotion=emotion,
            given=given[emotion],
            accepted=accepted[emotion],
            shown=decided[emotion],
        )
        for emotion in Emotion.values
    )


def _by_week(faces: list[_Kind]) -> figures.Weeks:
    if not faces:
        return figures.Weeks(starts=(), given=dict.fromkeys(Emotion.values, ()))
    first, last = min(kind.week for kind in faces), max(kind.week for kind in faces)
    weeks = [first + timedelta(days=n) for n in range(0, (last - first).days + 1, 7)]
    found = Counter[tuple[date, str]]()
    for kind in faces:
        found[kind.week, kind.emotion] += kind.n
    return figures.Weeks(
        starts=tuple(weeks),
        given={
            emotion: tuple(found[week, emotion] for week in weeks)
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


def _corrections(now: datetime) -> tuple[figures.Corrections, ...]:
    names = dict(ModelVersion.objects.order_by("pk").values_list("pk", "name"))
    found = feedback_rates.count_anew(until=now)
    return tuple(
        figures.Corrections(
            version=name, answers=c.n, wrong=c.wrong, low=c.low, high=c.high
        )
        for pk, name in names.items()
        if (c := found.get(pk))
    )
