"""Taking faces back: picture, hashes and keys go at once, a tombstone stays.

The versions that were trained with a face, and all warm-started from them, are marked
as contaminated in the same transaction. A training that is running keeps its copy
until it ends; the receipt says so.
"""

import hashlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from labeling import audit
from labeling.contributions import erasure, withdrawal_log
from labeling.db import AdvisoryLock, hold_lock
from labeling.errors import Refused
from labeling.models import (
    Contribution,
    Crop,
    ModelVersion,
    Review,
    SnapshotRow,
    TrainingRun,
    User,
    Vote,
    Withdrawal,
)
from labeling.registry import digests, lineage
from labeling.webhooks import deliveries

log = logging.getLogger(__name__)

ANNOUNCED_AT_ONCE = 100  # faces in one message to a webhook


@dataclass(frozen=True)
class Receipt:
    """What a withdrawal did. It names no person, and the faces only by number."""

    at: datetime
    faces: list[UUID] = field(default_factory=list)
    contaminated: list[ModelVersion] = field(default_factory=list)
    running: TrainingRun | None = None  # its copy goes when it ends
    released: int = 0  # stood in a dataset that others may have taken

    @property
    def count(self) -> int:
        return len(self.faces)


@transaction.atomic
def withdraw(contribution: Contribution, *, by: User | None = None) -> Receipt:
    """Take one face back. A second time there is nothing left to do: count 0.

    `by`: the admin who does it for the giver.
    """
    receipt = withdraw_ids([contribution.pk])
    if by and receipt.count:
        audit.record(audit.Act.FACE_WITHDRAWN, by=by, subject=contribution)
    return receipt


def withdraw_some(contribution_ids: Iterable[UUID], *, by: User) -> Receipt:
    """Take several back; those of others are passed over."""
    own = by.gifts.filter(pk__in=list(contribution_ids))
    return withdraw_ids(own.values_list("pk", flat=True))


def withdraw_all(*, by: User) -> Receipt:
    return withdraw_ids(by.gifts.values_list("pk", flat=True))


def withdraw_by_secret(secret: str) -> Receipt:
    """Take back the face of a private link."""
    return withdraw_ids([face_of_secret(secret).pk])


def withdraw_by_secrets(secrets: Iterable[str]) -> tuple[Receipt, list[Refused]]:
    """Take back those that are known; why the others are not comes along. Raises
    Refused where none is."""
    receipts, unknown = [], []
    for secret in secrets:
        try:
            receipts.append(withdraw_by_secret(secret))
        except Refused as why:
            unknown.append(why)
    if not receipts:
        raise unknown[0]
    return _together(receipts), unknown


def _together(receipts: list[Receipt]) -> Receipt:
    contaminated = {version.pk: version for r in receipts for version in r.contaminated}
    return Receipt(
        at=receipts[-1].at,
        faces=[face for r in receipts for face in r.faces],
        contaminated=list(contaminated.values()),
        running=next((r.running for r in receipts if r.running), None),
        released=sum(r.released for r in receipts),
    )


def face_of_secret(secret: str) -> Contribution:
    """Whose holder gave the face, and so may see it. Raises Refused."""
    rows = Contribution.objects.filter(withdrawal_hash=secret_hash(secret))
    face = rows.first()
    if face is None:
        raise Refused(
            "unknown_link",
            _("This link is not known: its face was withdrawn or claimed."),
        )
    return face


def secret_hash(secret: str) -> str:
    """What is kept of a private link: 128 random bits need no salt, no stretching."""
    return hashlib.sha256(secret.encode()).hexdigest()


def delete_faces(contribution_ids: Iterable[UUID]) -> dict[UUID, bool]:
    """Delete faces with all that hangs on them, and what manifests say of them. Call
    it in a transaction; returns those that were there, and whether a release held them.
    """
    # Always in the order of the ids, so that two of us never wait for each other.
    there = (
        Contribution.objects.select_for_update()
        .filter(pk__in=list(contribution_ids))
        .order_by("pk")
        .values_list("pk", "released_at")
    )
    gone = {pk: released_at is not None for pk, released_at in there}
    Crop.objects.filter(pk__in=gone).delete()
    Review.objects.filter(contribution__in=gone).delete()
    Vote.objects.filter(contribution__in=gone).delete()
    Contribution.objects.filter(pk__in=gone).delete()
    digests.erase(gone)
    deliveries.forget(gone)
    if gone:
        erasure.count_deletion()
    return gone


@transaction.atomic
def withdraw_ids(contribution_ids: Iterable[UUID]) -> Receipt:
    hold_lock(AdvisoryLock.LINEAGE)
    gone = delete_faces(contribution_ids)
    now = timezone.now()
    tombstones = [
        Withdrawal(contribution_id=face, withdrawn_at=now, was_released=was_released)
        for face, was_released in gone.items()
    ]
    Withdrawal.objects.bulk_create(tombstones, ignore_conflicts=True)
    _announce(gone)
    contaminated = lineage.contaminate(gone) if gone else []
    running = TrainingRun.objects.active().filter(
        pk__in=SnapshotRow.objects.filter(contribution_id__in=gone).values(
            "snapshot__run"
        )
    )
    transaction.on_commit(partial(withdrawal_log.faces, tombstones))
    log.info(
        "%s faces withdrawn, %s versions contaminated", len(gone), len(contaminated)
    )
    return Receipt(now, list(gone), contaminated, running.first(), sum(gone.values()))


def _announce(gone: Mapping[UUID, bool]) -> None:
    """By number, some at a time: whoever keeps copies has to delete them."""
    faces = [{"id": face, "was_released": gone[face]} for face in gone]
    facts = [
        {"faces": faces[start : start + ANNOUNCED_AT_ONCE]}
        for start in range(0, len(faces), ANNOUNCED_AT_ONCE)
    ]
    deliveries.announce(deliveries.Event.FACE_WITHDRAWN, facts)
