"""Labelled folders come in through the same door as everybody's faces.

The number of an imported face is an HMAC of source and file: the same file is known
when it comes again, and one that was withdrawn does not come back.
"""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from labeling import audit
from labeling.contributions import consent, offers
from labeling.detection import photos
from labeling.detection.photos import FaceClaim
from labeling.errors import Refused
from labeling.models import Contribution, Withdrawal
from labeling.registry import serving
from ml.data.file_tree import printable
from ml.data.labelled_folders import LabelledPicture, read_picture
from ml.vision import decode, face_crop
from ml.vision.pipeline import find_faces


@dataclass(frozen=True)
class Source:
    """Where the faces come from and why we may keep them."""

    name: str
    basis: str
    is_cropped: bool = False  # each picture is a face already
    may_be_seen: bool = False
    may_be_released: bool = False


@dataclass(frozen=True)
class Outcome:
    path: str  # from the folder or archive on, printable
    emotion: str
    code: str  # "kept", "known", "withdrawn", or why not
    message: str = ""


def take_all(
    found: list[LabelledPicture], source: Source, *, is_trial: bool = False
) -> Iterator[Outcome]:
    """Each picture is a transaction of its own: stopped, it goes on where it was. A
    trial keeps none."""
    if not is_trial:
        with transaction.atomic():
            _record(source, len(found))
    for picture in found:
        name = str(picture.file)
        try:
            with transaction.atomic():
                code = _take(read_picture(picture.file), picture.emotion, source)
                transaction.set_rollback(is_trial)
            yield Outcome(name, picture.emotion, code)
        except (Refused, decode.BadPicture) as why:
            yield Outcome(name, picture.emotion, why.code, str(why))
        except OSError as why:
            yield Outcome(name, picture.emotion, "unreadable", printable(str(why)))


def _record(source: Source, pictures: int) -> None:
    details = {
        "source": source.name,
        "pictures": pictures,
        "may_be_seen": source.may_be_seen,
        "may_be_released": source.may_be_released,
    }
    audit.record(audit.Act.FACES_IMPORTED, details=details)


def _take(data: bytes, emotion: str, source: Source) -> str:
    ids = _ids(data, source)
    if Withdrawal.objects.filter(pk__in=ids).exists():
        return "withdrawn"
    if Contribution.objects.filter(pk__in=ids).exists():
        return "known"
    crop = _crop(data, source)
    offers.offer(
        decode.encode_jpeg(crop),
        emotion,
        by=None,
        consent=consent.for_import(
            may_be_seen=source.may_be_seen, may_be_released=source.may_be_released
        ),
        claim=_claim(crop),
        source=Contribution.Source.IMPORT,
        source_name=source.name,
        consent_basis=source.basis,
        pk=ids[0],
    )
    return "kept"


def _ids(data: bytes, source: Source) -> list[UUID]:
    """Today's number, and those that former secret keys would have given."""
    what = f"{source.name}|{hashlib.sha256(data).hexdigest()}"
    return [
        UUID(
            bytes=salted_hmac(
                "labeling.import", what, secret=key, algorithm="sha256"
            ).digest()[:16],
            version=4,
        )
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]


def _crop(data: bytes, source: Source) -> NDArray[np.uint8]:
    rgb = decode.load(data).rgb
    if source.is_cropped:
        height, width = rgb.shape[:2]
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        return decode.fit(
            rgb[top : top + side, left : left + side], face_crop.CROP_SIDE
        )
    found = find_faces(rgb, photos.detector())
    if not found:
        raise Refused("no_face", _("No face was found in it."))
    if len(found) > 1:
        raise Refused(
            "several_faces",
            _("It shows %(n)s faces, so nobody knows whose expression is meant.")
            % {"n": len(found)},
        )
    return face_crop.cut_out(rgb, found[0])


def _claim(crop: NDArray[np.uint8]) -> FaceClaim | None:
    """What the champion says of it, if there is one."""
    champion = serving.predictor()
    if champion is None:
        return None
    predictor = champion.predictor
    said = predictor.predict(face_crop.to_network(crop)[None]).probabilities[0]
    return FaceClaim(
        nonce=secrets.token_bytes(16),
        box=(0, 0, crop.shape[1], crop.shape[0]),
        version_id=champion.version_id,
        emotion=predictor.emotions[int(said.argmax())],
        probabilities=predictor.by_emotion(said),
        expires=timezone.now(),
    )
