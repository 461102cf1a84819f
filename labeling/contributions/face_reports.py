"""Urgent reports about shown faces: hidden at once, then decided by a reviewer. What is
removed is remembered by its fingerprint, so that it does not come in again."""

import logging
from uuid import UUID

import numpy as np
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from numpy.typing import NDArray

from labeling import audit, controller
from labeling.contributions import withdrawals
from labeling.contributions.withdrawals import Receipt
from labeling.errors import Refused
from labeling.models import (
    AuditEntry,
    Contribution,
    Crop,
    FaceReport,
    RemovedPicture,
    User,
)
from labeling.review import own_gifts
from ml.vision import decode, fingerprint

log = logging.getLogger(__name__)

Status = Contribution.Status


def shown(number: UUID | None) -> Contribution:
    """The face with this number, as it stands in a release. Raises Refused for one that
    nobody knows; `report` looks at whether others may see it."""
    face = Contribution.objects.filter(pk=number).first() if number else None
    if face is None:
        raise _not_shown()
    return face


@transaction.atomic
def report(face: Contribution, reason: str) -> FaceReport:
    """Hide a face that others may see. Raises Refused; a second report of it changes
    nothing."""
    if reason not in FaceReport.Reason.values:
        raise Refused("reason_missing", _("Please say what is wrong with this face."))
    row = Contribution.objects.select_for_update().filter(pk=face.pk).first()
    known = FaceReport.objects.filter(contribution=row).first() if row else None
    if known:
        return known
    if row is None or not (row.screened_at or row.released_at):
        raise _not_shown()
    reported = FaceReport.objects.create(
        contribution=row,
        reason=reason,
        former_status=row.status,
        was_shown=row.screened_at is not None,
    )
    Contribution.objects.filter(pk=row.pk).update(
        status=Status.HIDDEN, screened_at=None, leased_to=None, leased_until=None
    )
    log.warning("face %s was reported (%s) and is hidden", row.pk, reason)
    return reported


@transaction.atomic
def remove(reported: FaceReport, *, by: User) -> Receipt:
    """The face goes as if it was withdrawn, and does not come in again."""
    reported = _held(reported, by)
    face = reported.contribution
    pixels = decode.decode(bytes(Crop.objects.get(pk=face.pk).jpeg))
    found = fingerprint.fingerprint(pixels)
    details = {"reason": reported.reason, "fingerprint": found.hex()}
    audit.record(audit.Act.FACE_REMOVED, by=by, subject=face, details=details)
    remember_removed(found)
    return withdrawals.withdraw_ids([face.pk])


@transaction.atomic
def clear(reported: FaceReport, *, by: User) -> None:
    """Nothing is wrong with it: it stands as before, and voters see it again where its
    giver still agrees."""
    reported = _held(reported, by)
    face = reported.contribution
    is_shown = reported.was_shown and face.may_be_seen
    Contribution.objects.filter(pk=face.pk, status=Status.HIDDEN).update(
        status=reported.former_status, screened_at=Now() if is_shown else None
    )
    details = {"reason": reported.reason}
    audit.record(audit.Act.REPORT_CLEARED, by=by, subject=face, details=details)
    reported.delete()


def remember_removed(*fingerprints: bytes) -> None:
    for one in fingerprints:
        RemovedPicture.objects.get_or_create(fingerprint=one)


def remember_all_removed() -> None:
    """After a restore: the audit log remembers what the backup did not know."""
    removed = AuditEntry.objects.filter(act=audit.Act.FACE_REMOVED)
    known = removed.values_list("details__fingerprint", flat=True)
    remember_removed(*map(bytes.fromhex, known))


def refuse_removed(crop: NDArray[np.uint8]) -> None:
    """Before a face is taken in. Raises Refused for a picture that was removed."""
    known = RemovedPicture.objects.values_list("fingerprint", flat=True)
    if any(fingerprint.is_same(crop, bytes(one)) for one in known):
        raise Refused(
            "removed_before",
            _("This picture was removed from here, and cannot be given again."),
        )


def not_alerted() -> list[int]:
    return list(FaceReport.objects.filter(alerted_at=None).values_list("pk", flat=True))


@transaction.atomic
def alert(report_id: int) -> None:
    """Tell the operator by mail, once: without the picture, which is for reviewers."""
    rows = FaceReport.objects.filter(pk=report_id, alerted_at=None)
    if not rows.update(alerted_at=Now()):
        return
    reported = FaceReport.objects.get(pk=report_id)
    page = f"{settings.SITE_URL}{reverse('reported-faces')}"
    for language, addresses in _operators().items():
        with override(language):
            _mail(reported, page, addresses)


def _mail(reported: FaceReport, page: str, addresses: list[str]) -> None:
    text = _(
        "Somebody reports a face: %(reason)s.\nIt is hidden until a reviewer decides: "
        "%(page)s\nIts number is %(number)s.\n"
    ) % {
        "reason": reported.get_reason_display(),
        "page": page,
        "number": reported.contribution_id,
    }
    subject = str(_("Mien: a face was reported"))
    send_mail(subject, text, from_email=None, recipient_list=addresses)


def _operators() -> dict[str, list[str]]:
    """Their addresses, by the language that they are written to in."""
    admins = User.objects.filter(is_superuser=True, is_active=True)
    chosen = dict(admins.values_list("email", "language"))
    stated = controller.stated()
    if stated and "@" in stated.contact:
        chosen.setdefault(stated.contact, "")
    found: dict[str, list[str]] = {}
    for address, language in sorted(chosen.items()):
        found.setdefault(language or settings.LANGUAGE_CODE, []).append(address)
    return found


def _not_shown() -> Refused:
    text = _("No face with this number is shown here. Is it whole?")
    return Refused("not_shown", text)


def _held(reported: FaceReport, by: User) -> FaceReport:
    """Of two reviewers the first decides."""
    rows = FaceReport.objects.select_for_update().select_related("contribution")
    found = rows.filter(pk=reported.pk).first()
    if found is None:
        raise Refused(
            "already_decided", _("Somebody decided about this report before you.")
        )
    own_gifts.check(found.contribution.giver_id, by)
    return found
