"""Giving a face: everything is checked before anything is stored, then all at once."""

import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID, uuid4

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from labeling.contributions import consent as consents
from labeling.contributions import (
    face_reports,
    holdout,
    near_duplicates,
    quality,
    recent_gifts,
)
from labeling.contributions.consent import Consent
from labeling.contributions.withdrawals import secret_hash
from labeling.db import check_room
from labeling.detection.photos import FaceClaim
from labeling.emotions import Emotion
from labeling.errors import Refused
from labeling.models import Contribution, Crop, SpentToken, User
from labeling.review import review_queue
from ml.vision import decode, face_crop, jpeg_structure

SECRET_BYTES = 16  # 128 bits, in the private link
MAX_CROP_BYTES = 2**18  # ten times what a crop of 256 px takes


@dataclass(frozen=True)
class Offer:
    contribution: Contribution
    secret: str | None  # of the private link, shown once; None with an account
    is_second_label: bool  # the giver's own picture, which has another label already


def offer(
    crop_jpeg: bytes,
    emotion: str,
    *,
    by: User | None,
    consent: Consent | None,
    claim: FaceClaim | None,
    source: str = Contribution.Source.SITE,
    source_name: str = "",
    consent_basis: str = "",
    notice_version: str = "",
    before: Collection[UUID] = (),
    network: str = "",
    pk: UUID | None = None,
    secret: str | None = None,
) -> Offer:
    """Keep one labelled face, and spend its claim. Raises Refused.

    The giver's own picture under another label is no second gift: it joins the first in
    a cluster, of which one trains, and a reviewer decides which label is right.
    `claim`: what a token said of this very crop (`photos.open_token`); None only for
    imports, which never left us. `notice_version`: what its giver was told before the
    look; empty where others did. `before`: earlier gifts of one without an account.
    `network`: where it comes from; forgotten within the hour. `pk`, `secret`: the
    number and the private link's secret, where they are not to be random.
    """
    check_room()
    _check_emotion(emotion)
    consent = consents.check(consent, basis=consent_basis)
    crop = open_crop(crop_jpeg)
    face_reports.refuse_removed(crop)
    signature = near_duplicates.signature_of(crop)
    # A fresh JPEG of the pixels: no metadata, no trailer, whatever was sent.
    jpeg = crop_jpeg if claim else decode.encode_jpeg(crop)
    needs_link = by is None and source != Contribution.Source.IMPORT
    secret = (secret or _new_secret()) if needs_link else None
    face = Contribution(
        pk=pk or uuid4(),
        emotion=emotion,
        giver=by,
        withdrawal_hash=secret_hash(secret) if secret else None,
        source=source,
        source_name=source_name,
        consent_basis=consent_basis,
        notice_version=notice_version,
        **_consent_fields(consent),
        **_claim_fields(claim),
        **_keyed_digest(jpeg),
    )
    row = Crop(pk=face.pk, jpeg=jpeg, edge=len(crop), signature=signature)
    _save(face, row, crop, claim, before=before, network=network)
    return Offer(face, secret, is_second_label=face.cluster is not None)


def open_crop(crop_jpeg: bytes) -> NDArray[np.uint8]:
    """The pixels of a crop as we make it: a square JPEG in one scan, no larger than we
    would keep, and good enough. Raises BadPicture, Refused."""
    jpeg = jpeg_structure.read(crop_jpeg)
    if jpeg is None:
        raise decode.BadPicture("not_a_picture", "This is no face as Mien cuts it out.")
    is_square = jpeg.width == jpeg.height <= face_crop.CROP_SIDE
    if not is_square or not jpeg.streams:
        raise Refused("not_a_crop", _("This is not a face as Mien cuts it out."))
    rgb = decode.decode(crop_jpeg, max_bytes=MAX_CROP_BYTES)
    quality.check(rgb)
    return rgb


def claim(secret: str, *, by: User) -> Contribution:
    """Take a face given without an account into one. The private link ends.

    Who does that has not withdrawn it: one that was set aside waits for review again.
    """
    with transaction.atomic():
        rows = Contribution.objects.select_for_update()
        face = rows.filter(withdrawal_hash=secret_hash(secret)).first()
        if face is None:
            raise Refused(
                "unknown_link", _("This link is not known, or it was used already.")
            )
        face.giver = by
        face.withdrawal_hash = None
        face.split = holdout.split_after_claim(by, face.split)
        face.save(update_fields=["giver", "withdrawal_hash", "split"])
        _take_out_of_doubt(face.pk)
    return face


def change_consent(
    contribution: Contribution, consent: Consent, *, said_again: bool = False
) -> None:
    """Widen or narrow the two free consents; withdrawn ones hold at once.

    `said_again`: the giver agreed anew that we keep the face, which ends a doubt; where
    there is one, nothing less does.
    """
    rows = Contribution.objects.filter(pk=contribution.pk)
    if not said_again and rows.exclude(consent_in_doubt="").exists():
        consents.check(None)
    changed = rows.update(
        **_consent_fields(consents.check(consent)),
        consented_at=Now(),
        consent_in_doubt="",
        screened_at=F("screened_at") if consent.may_be_seen else None,
    )
    if not changed:
        raise Refused("gone", _("This face has been withdrawn."))
    _take_out_of_doubt(contribution.pk)


def _take_out_of_doubt(pk: UUID) -> None:
    Contribution.objects.filter(pk=pk, status=Contribution.Status.IN_DOUBT).update(
        status=Contribution.Status.WAITING, decided_emotion="", decided_at=None
    )


def _check_emotion(emotion: str) -> None:
    if emotion not in Emotion.values:
        raise Refused(
            "emotion_missing", _("Please say what the face shows."), field="emotion"
        )


def _save(
    face: Contribution,
    row: Crop,
    crop: NDArray[np.uint8],
    claim: FaceClaim | None,
    *,
    before: Collection[UUID],
    network: str,
) -> None:
    """Everything, or nothing."""
    face.priority = review_queue.priority_of(face)
    with transaction.atomic():
        if claim:
            _spend_token(claim)
        earlier = near_duplicates.own_copy(
            crop,
            bytes(row.signature or b""),
            face.emotion,
            by=face.giver,
            before=before,
            network=network,
        )
        if earlier:
            face.cluster = near_duplicates.cluster_with(earlier)
        face.split = holdout.split_of(face.giver)
        face.save(force_insert=True)
        row.save(force_insert=True)
        if network:  # before the next one from there may look
            recent_gifts.remember(network, face.pk)


def _consent_fields(consent: Consent) -> dict[str, object]:
    return {
        "consent_version": consent.version,
        "consent_language": consent.language,
        "may_be_seen": consent.may_be_seen,
        "may_be_released": consent.may_be_released,
    }


def _claim_fields(claim: FaceClaim | None) -> dict[str, object]:
    if claim is None:
        return {}
    return {
        "model_version_id": claim.version_id,
        "model_emotion": claim.emotion,
        "model_probabilities": claim.probabilities,
    }


def _keyed_digest(jpeg: bytes) -> dict[str, bytes]:
    key = secrets.token_bytes(32)
    return {"digest_key": key, "digest": hmac.digest(key, jpeg, "sha256")}


def _new_secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


def _spend_token(claim: FaceClaim) -> None:
    try:
        with transaction.atomic():
            SpentToken.objects.create(nonce=claim.nonce.hex(), expires_at=claim.expires)
    except IntegrityError:
        raise Refused(
            "token_spent", _("This face was given already. Thank you!")
        ) from None
