"""Deciding about many faces at once: each decision is an event of its own, and what
cannot be decided is skipped and told (`labeling/review/decisions.py`)."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet, TextChoices
from django.db.models.functions import Now

from labeling.models import Contribution, Review, User
from labeling.review import own_gifts, review_events

Status = Contribution.Status
Act = Review.Act


class Skipped(TextChoices):
    """Why a bulk left a face as it was."""

    GONE = "gone"
    DECIDED = "decided"
    OWN_GIFT = "own_gift"
    NOT_TO_BE_SEEN = "not_to_be_seen"
    SEEN_ALREADY = "seen_already"
    CHANGED_SINCE = "changed_since"


@dataclass(frozen=True)
class Bulk:
    events: list[Review]
    skipped: Counter[Skipped]

    @property
    def done(self) -> list[UUID]:
        return [event.contribution_id for event in self.events]

    @property
    def passed_over(self) -> int:
        return self.skipped.total()


def decide(
    contribution_ids: Iterable[UUID],
    act: str,
    *,
    by: User,
    reason: str = "",
    note: str = "",
) -> Bulk:
    """Whichever act a reviewer chose."""
    match act:
        case Act.REJECT:
            return reject(contribution_ids, by=by, reason=reason, note=note)
        case Act.SCREEN:
            return screen(contribution_ids, by=by)
        case _accept:
            return accept(contribution_ids, by=by)


def accept(contribution_ids: Iterable[UUID], *, by: User) -> Bulk:
    return _decide(contribution_ids, Act.ACCEPT, by)


def reject(
    contribution_ids: Iterable[UUID], *, by: User, reason: str, note: str = ""
) -> Bulk:
    if reason not in Review.Reason.values:
        raise review_events.reason_missing()
    return _decide(contribution_ids, Act.REJECT, by, reason=reason, note=note)


def screen(contribution_ids: Iterable[UUID], *, by: User) -> Bulk:
    asked = list(dict.fromkeys(contribution_ids))
    with transaction.atomic():
        fit = Contribution.objects.undoubted()
        fit = fit.filter(pk__in=asked, may_be_seen=True)
        fit = fit.filter(screened_at=None).order_by("pk").select_for_update()
        faces = _left_to(by, fit)
        done = [face.pk for face in faces]
        Contribution.objects.filter(pk__in=done).update(screened_at=Now())
        events = Review.objects.bulk_create(
            review_events.screening_review(face, by) for face in faces
        )
        return Bulk(events, _skipped(asked, done, _why_not_screened))


def undo(event_ids: Iterable[int], *, by: User) -> Bulk:
    """Take back decisions of one's own, such as those of one bulk, where they stand."""
    asked = list(dict.fromkeys(event_ids))
    with transaction.atomic():
        mine = Review.objects.filter(pk__in=asked, by=by, undoes=None)
        faces = Contribution.objects.undoubted()
        faces = faces.filter(pk__in=mine.values("contribution")).order_by("pk")
        held = {face.pk for face in _left_to(by, faces.select_for_update())}
        standing = mine.filter(undone_by=None, contribution__in=held)
        stood = [e for e in standing.select_related("contribution") if _stands(e)]
        shown = [e.contribution_id for e in stood if e.act == Act.SCREEN]
        Contribution.objects.filter(pk__in=shown).update(screened_at=None)
        decided = [e.contribution_id for e in stood if e.act != Act.SCREEN]
        Contribution.objects.filter(pk__in=decided).update(
            status=Status.WAITING, decided_emotion="", decided_at=None
        )
        events = Review.objects.bulk_create(
            review_events.undoing_review(event, by) for event in stood
        )
        review_events.announce(events)
    left = len(asked) - len(events)
    return Bulk(events, +Counter({Skipped.CHANGED_SINCE: left}))


def _stands(event: Review) -> bool:
    if event.act == Act.SCREEN:
        return event.contribution.screened_at is not None
    return event.contribution.status == event.to_status


def _decide(
    face_ids: Iterable[UUID], act: Act, by: User, *, reason: str = "", note: str = ""
) -> Bulk:
    asked = list(dict.fromkeys(face_ids))
    with transaction.atomic():
        # In the order of the ids, so that two bulks never wait for each other.
        waiting = Contribution.objects.waiting().filter(pk__in=asked).order_by("pk")
        faces = _left_to(by, waiting.select_for_update())
        done = [face.pk for face in faces]
        changes = review_events.row_changes(act, "")
        Contribution.objects.filter(pk__in=done).update(**changes)
        events = Review.objects.bulk_create(
            review_events.review(face, act, by, reason=reason, note=note)
            for face in faces
        )
        review_events.announce(events)
        return Bulk(events, _skipped(asked, done, _why_not_decided))


def _skipped(
    asked: list[UUID], done: list[UUID], why: Callable[[Contribution], Skipped]
) -> Counter[Skipped]:
    left = set(asked) - set(done)
    counts = Counter(map(why, Contribution.objects.undoubted().filter(pk__in=left)))
    counts[Skipped.GONE] = len(left) - counts.total()
    return +counts


def _why_not_decided(face: Contribution) -> Skipped:
    return Skipped.OWN_GIFT if face.status == Status.WAITING else Skipped.DECIDED


def _why_not_screened(face: Contribution) -> Skipped:
    if not face.may_be_seen:
        return Skipped.NOT_TO_BE_SEEN
    return Skipped.SEEN_ALREADY if face.screened_at else Skipped.OWN_GIFT


def _left_to(by: User, faces: QuerySet[Contribution]) -> list[Contribution]:
    """Without his own gifts, unless there is nobody else."""
    if own_gifts.has_other_reviewer(by):
        faces = faces.exclude(giver=by)
    return list(faces)
