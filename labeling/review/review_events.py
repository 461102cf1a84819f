"""The rows that a decision writes: the event, and what changes in the face's own; and
what webhooks are told of it."""

from collections.abc import Iterable

from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from labeling.errors import Refused
from labeling.models import Contribution, Review, User
from labeling.webhooks import deliveries

Status = Contribution.Status
Act = Review.Act


def row_changes(act: Act, emotion: str) -> dict[str, object]:
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


def review(
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


def screening_review(face: Contribution, by: User) -> Review:
    return Review(
        contribution_id=face.pk,
        by=by,
        act=Act.SCREEN,
        from_status=face.status,
        to_status=face.status,
        is_own_gift=face.giver_id == by.pk,
    )


def undoing_review(event: Review, by: User) -> Review:
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


def announce(events: Iterable[Review]) -> None:
    """Tell webhooks how a face stands now; that voters see it is no decision."""
    deliveries.announce(
        deliveries.Event.FACE_DECIDED,
        [
            {"face": event.contribution_id, "status": event.to_status}
            for event in events
            if event.from_status != event.to_status
        ],
    )


def confirming_review(face: Contribution, by: User) -> Review:
    return Review(
        contribution_id=face.pk,
        by=by,
        act=Act.CONFIRM,
        from_status=face.status,
        to_status=face.status,
        from_emotion=face.emotion,
        to_emotion=face.decided_emotion,
        is_own_gift=face.giver_id == by.pk,
    )


def reason_missing() -> Refused:
    return Refused("reason_missing", _("Please say why you reject this face."))
