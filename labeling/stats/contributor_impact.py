"""What one person's faces changed: how many the champion learned from, and how far its
recall on their emotions has moved since."""

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import F
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from labeling.emotions import Emotion
from labeling.figures import percent
from labeling.models import Contribution, Exam, ModelVersion, SnapshotRow, User
from labeling.registry import class_recall, lineage, model_versions

MOST_CORRECTED = 8  # are named


@dataclass(frozen=True)
class Move:
    emotion: Emotion
    was: str
    now: str
    meaning: "str | Promise"


@dataclass(frozen=True)
class ContributorImpact:
    faces: int  # in the current champion
    sentence: "str | Promise"
    moves: list[Move] = field(default_factory=list)
    corrected: list[Contribution] = field(default_factory=list)  # read wrongly once


def contributor_impact(user: User) -> ContributorImpact:
    """The same number of queries however many faces the person gave."""
    champion = model_versions.current()
    gifts = user.gifts.all()
    if champion is None or not (seen := _seen(champion, user)):
        given = gifts.exists()
        sentence = _("The current model has not learned from your faces yet.")
        return ContributorImpact(
            0, sentence if given else _("You have not given a face yet.")
        )
    before = _before(champion, seen)
    n = len(seen)
    sentence = ngettext_lazy(
        "{n} of your faces is in {name}, which looks at everybody's photos now.",
        "{n} of your faces are in {name}, which looks at everybody's photos now.",
        n,
    )
    moves = _moves(before, champion, set(seen.values())) if before else []
    said = format_lazy(sentence, n=n, name=champion.name)
    return ContributorImpact(n, said, moves, _corrected(user, seen))


def _seen(champion: ModelVersion, user: User) -> dict[UUID, str]:
    """The person's faces that the champion learned from, with their emotions."""
    own = dict(user.gifts.order_by().values_list("pk", "emotion"))
    rows = lineage.faces_seen_by(champion).filter(contribution_id__in=list(own))
    ids = set(rows.values_list("contribution_id", flat=True))
    return {face: own[face] for face in ids}


def _corrected(user: User, seen: Collection[UUID]) -> list[Contribution]:
    """Of the faces that the champion learned from, the latest that were read wrongly
    when they were given."""
    wrong = user.gifts.exclude(model_emotion="").exclude(model_emotion=F("emotion"))
    rows = wrong.filter(pk__in=list(seen), decided_emotion=F("emotion"))
    return list(rows.order_by("-created_at")[:MOST_CORRECTED])


def _before(champion: ModelVersion, seen: Collection[UUID]) -> ModelVersion | None:
    """Who was champion before the first version that learned from the person."""
    runs = [step.run_id for step in lineage.ancestors(champion) if step.run_id]
    first = (
        SnapshotRow.objects.filter(
            snapshot__run__in=runs,
            split=SnapshotRow.Split.TRAIN,
            contribution_id__in=list(seen),
        )
        .order_by("snapshot__run")
        .values_list("snapshot__run", flat=True)
        .first()
    )
    exam = Exam.objects.filter(run=first).select_related("champion").first()
    return exam.champion if exam else None


def _moves(before: ModelVersion, now: ModelVersion, emotions: set[str]) -> list[Move]:
    was, is_now = class_recall.of(before).recall, class_recall.of(now).recall
    return [
        Move(
            emotion=emotion,
            was=percent(was[emotion]),
            now=percent(is_now[emotion]),
            meaning=_("recognised in the exam, before your faces and now"),
        )
        for emotion in Emotion
        if emotion in emotions and emotion in was and emotion in is_now
    ]
