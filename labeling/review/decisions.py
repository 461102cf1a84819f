"""Deciding about faces. The first decision stands; every one is an event; undoing is
another event. Whoever decides holds the face for a while, so that two never get the
same one (`labeling/review/review_queue.py`). Nobody decides about his own gift where
somebody else can (`labeling/review/own_gifts.py`)."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from labeling.emotions import Emotion
from labeling.errors import Refused
from labeling.models import Contribution, Review, User
from labeling.review import own_gifts, review_events, review_queue

Status = Contribution.Status
Act = Review.Act


def decide(
    contribution: Contribution,
    act: str,
    *,
    by: User,
    emotion: str = "",
    reason: str = "",
    note: str = "",
) -> Review:
    """Whichever act a reviewer chose. To relabel a face as what its giver said is to
    accept it."""
    match act:
        case Act.REJECT:
            return reject(contribution, by=by, reason=reason, note=note)
        case Act.SCREEN:
            return screen(contribution, by=by)
        case Act.RELABEL if emotion != contribution.emotion:
            return relabel(contribution, emotion, by=by)
        case _accept:
            return accept(contribution, by=by)


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
        raise review_events.reason_missing()
    return _decide(contribution.pk, Act.REJECT, by, reason=reason, note=note)


def screen(contribution: Contribution, *, by: User) -> Review:
    """Show it to voters; only where the giver agreed to be seen."""
    rows = Contribution.objects.undoubted()
    rows = rows.filter(pk=contribution.pk, may_be_seen=True)
    with transaction.atomic():
        if not rows.filter(screened_at=None).update(screened_at=Now()):
            raise _screened_already(contribution.pk)
        face = rows.get()
        own_gifts.check(face.giver_id, by)
        event = review_events.screening_review(face, by)
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
            undoing = review_events.undoing_review(event, by)
            undoing.save(force_insert=True)
            review_events.announce([undoing])
            return undoing
    except IntegrityError:
        raise _changed_since() from None


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
        if not face.waiting().update(**review_events.row_changes(act, emotion)):
            raise _decided_already(face_id)
        now = face.get()
        own_gifts.check(now.giver_id, by)
        event = review_events.review(now, act, by, reason=reason, note=note)
        event.save(force_insert=True)
        review_events.announce([event])
    return event


def _revert(event: Review, by: User) -> None:
    face = Contribution.objects.filter(pk=event.contribution_id)
    if event.act == Act.SCREEN:
        face.update(screened_at=None)
        return
    if event.act == Act.CONFIRM:
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
