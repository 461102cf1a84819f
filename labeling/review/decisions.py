"""Deciding about faces. The first decision stands; every one is an event; undoing is
another event. Whoever decides holds the face for a while, so that two never get the
same one (`labeling/review/review_queue.py`). Nobody decides about his own gift where
somebody else can (`labeling/review/own_gifts.py`)."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet, TextChoices
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from labeling.emotions import Emotion
from labeling.errors import Refused
from labeling.models import Contribution, Review, User
from labeling.review import own_gifts, review_queue

Status = Contribution.Status
Act = Review.Act


def accept(contribution: Contribution, *, by: User | None) -> Review:
    """As labelled. `by=None`: the votes decided."""
    return _decide(contribution.pk, Act.ACCEPT, by, emotion="")


def relabel(contribution: Contribution, emotion: str, *, by: User) -> Review:
    """Accept it, but as another emotion."""
    if emotion not in Emotion.values:
        raise Refused("emotion_missing", _("Please say what the face shows."))
    return _decide(contribution.pk, Act.RELABEL, by, emotion=emotion)


def reject(
    contribution: Contribution, *, by: User | None, reason: str, note: str = ""
) -> Review:
    if reason not in Review.Reason.values:
        raise _reason_missing()
    return _decide(contribution.pk, Act.REJECT, by, reason=reason, note=note)


def screen(contribution: Contribution, *, by: User) -> Review:
    """Found fit to show to voters; only where the giver agreed to be seen."""
    rows = Contribution.objects.undoubted()
    rows = rows.filter(pk=contribution.pk, may_be_seen=True)
    with transaction.atomic():
        if not rows.filter(screened_at=None).update(screened_at=Now()):
            raise _screened_already(contribution.pk)
        face = rows.get()
        own_gifts.check(face.giver_id, by)
        event = _screening_review(face, by)
        event.save(force_insert=True)
    return event


def undo(contribution: Contribution | None = None, *, by: User) -> Review:
    """Take back the last decision: of this face whoever made it, else one's own last.

    What has been decided anew since stays as it is.
    """
    events = Review.objects.filter(undoes=None, undone_by=None)
    events = (
        events.filter(contribution=contribution)
        if contribution
        else events.filter(by=by)
    )
    event = events.order_by("-pk").first()
    if event is None:
        raise Refused("nothing_to_undo", _("There is nothing to undo."))
    try:
        with transaction.atomic():
            _revert(event, by)
            own_gifts.check(event.contribution.giver_id, by)
            undoing = _undoing_review(event, by)
            undoing.save(force_insert=True)
            return undoing
    except IntegrityError:
        raise _changed_since() from None


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


def accept_all(contribution_ids: Iterable[UUID], *, by: User) -> Bulk:
    return _decide_all(contribution_ids, Act.ACCEPT, by)


def reject_all(
    contribution_ids: Iterable[UUID], *, by: User, reason: str, note: str = ""
) -> Bulk:
    if reason not in Review.Reason.values:
        raise _reason_missing()
    return _decide_all(contribution_ids, Act.REJECT, by, reason=reason, note=note)


def screen_all(contribution_ids: Iterable[UUID], *, by: User) -> Bulk:
    asked = list(dict.fromkeys(contribution_ids))
    with transaction.atomic():
        fit = Contribution.objects.undoubted()
        fit = fit.filter(pk__in=asked, may_be_seen=True)
        fit = fit.filter(screened_at=None).order_by("pk").select_for_update()
        faces = _left_to(by, fit)
        done = [face.pk for face in faces]
        Contribution.objects.filter(pk__in=done).update(screened_at=Now())
        events = Review.objects.bulk_create(
            _screening_review(face, by) for face in faces
        )
        return Bulk(events, _skipped(asked, done, _why_not_screened))


def undo_all(event_ids: Iterable[int], *, by: User) -> Bulk:
    """Take back decisions of one's own, such as those of one bulk, where they stand."""
    asked = list(dict.fromkeys(event_ids))
    with transaction.atomic():
        mine = Review.objects.filter(pk__in=asked, by=by, undoes=None)
        faces = Contribution.objects.undoubted()
        faces = faces.filter(pk__in=mine.values("contribution")).order_by("pk")
        held = {face.pk for face in _left_to(by, faces.select_for_update())}
        standing = mine.filter(undone_by=None, contribution__in=held)
        events = [e for e in standing.select_related("contribution") if _stands(e)]
        shown = [e.contribution_id for e in events if e.act == Act.SCREEN]
        Contribution.objects.filter(pk__in=shown).update(screened_at=None)
        decided = [e.contribution_id for e in events if e.act != Act.SCREEN]
        Contribution.objects.filter(pk__in=decided).update(
            status=Status.WAITING, decided_emotion="", decided_at=None
        )
        undoing = Review.objects.bulk_create(_undoing_review(e, by) for e in events)
    left = len(asked) - len(events)
    return Bulk(undoing, +Counter({Skipped.CHANGED_SINCE: left}))


def _stands(event: Review) -> bool:
    if event.act == Act.SCREEN:
        return event.contribution.screened_at is not None
    return event.contribution.status == event.to_status


def _decide(
    face_id: UUID,
    act: Act,
    by: User | None,
    *,
    emotion: str = "",
    reason: str = "",
    note: str = "",
) -> Review:
    with transaction.atomic():
        face = Contribution.objects.filter(pk=face_id)
        if not face.waiting().update(**_row_changes(act, emotion)):
            raise _decided_already(face_id)
        now = face.get()
        own_gifts.check(now.giver_id, by)
        event = _review(now, act, by, reason=reason, note=note)
        event.save(force_insert=True)
    return event


def _decide_all(
    face_ids: Iterable[UUID], act: Act, by: User, *, reason: str = "", note: str = ""
) -> Bulk:
    asked = list(dict.fromkeys(face_ids))
    with transaction.atomic():
        # In the order of the ids, so that two bulks never wait for each other.
        waiting = Contribution.objects.waiting().filter(pk__in=asked).order_by("pk")
        faces = _left_to(by, waiting.select_for_update())
        done = [face.pk for face in faces]
        Contribution.objects.filter(pk__in=done).update(**_row_changes(act, ""))
        events = Review.objects.bulk_create(
            _review(face, act, by, reason=reason, note=note) for face in faces
        )
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


def _row_changes(act: Act, emotion: str) -> dict[str, object]:
    """What a decision changes in a face's row; no emotion: as the giver says."""
    changes: dict[str, object] = {
        "status": Status.REJECTED if act == Act.REJECT else Status.ACCEPTED,
        "decided_at": Now(),
        "leased_to": None,
        "leased_until": None,
    }
    if act != Act.REJECT:
        changes["decided_emotion"] = emotion or F("emotion")
    return changes


def _review(
    face: Contribution, act: Act, by: User | None, *, reason: str, note: str
) -> Review:
    is_rejected = act == Act.REJECT
    return Review(
        contribution_id=face.pk,
        by=by,
        act=act,
        from_status=Status.WAITING,
        to_status=Status.REJECTED if is_rejected else Status.ACCEPTED,
        from_emotion=face.emotion,
        to_emotion="" if is_rejected else face.decided_emotion or face.emotion,
        reason=reason,
        note=note.strip(),
        is_own_gift=by is not None and face.giver_id == by.pk,
    )


def _screening_review(face: Contribution, by: User) -> Review:
    return Review(
        contribution_id=face.pk,
        by=by,
        act=Act.SCREEN,
        from_status=face.status,
        to_status=face.status,
        is_own_gift=face.giver_id == by.pk,
    )


def _undoing_review(event: Review, by: User) -> Review:
    return Review(
        contribution_id=event.contribution_id,
        by=by,
        act=Act.UNDO,
        from_status=event.to_status,
        to_status=event.from_status,
        from_emotion=event.to_emotion,
        to_emotion=event.from_emotion,
        undoes=event,
        is_own_gift=event.contribution.giver_id == by.pk,
    )


def _revert(event: Review, by: User) -> None:
    face = Contribution.objects.filter(pk=event.contribution_id)
    if event.act == Act.SCREEN:
        face.update(screened_at=None)
        return
    turned = face.filter(status=event.to_status).update(
        status=event.from_status,
        decided_emotion="",
        decided_at=None,
        leased_to=by,
        leased_until=Now() + review_queue.LEASE,
    )
    if not turned:
        raise _changed_since()


def _decided_already(face_id: UUID) -> Refused:
    status = Contribution.objects.filter(pk=face_id).values_list("status", flat=True)
    if not status.exists():
        return _gone()
    return Refused(
        "already_decided",
        _("Somebody decided about this face before you. The first decision stands."),
        status=status.get(),
    )


def _screened_already(face_id: UUID) -> Refused:
    face = Contribution.objects.filter(pk=face_id).first()
    if face is None:
        return _gone()
    if not face.may_be_seen:
        return Refused(
            "not_to_be_shown", _("The giver did not agree that others see this face.")
        )
    return Refused("already_screened", _("Voters see this face already."))


def _gone() -> Refused:
    return Refused("gone", _("This face has been withdrawn."))


def _changed_since() -> Refused:
    return Refused(
        "changed_since", _("This has been changed since; it stays as it is.")
    )


def _reason_missing() -> Refused:
    return Refused("reason_missing", _("Please say why you reject this face."))
