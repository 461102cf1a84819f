"""A photo on its way through: looked at, answered, forgotten.

Nothing of it is kept. Where contributing may follow, the browser gets each face's crop
back with a signed token: what was seen, when, and the crop's hash. Only with both can
the face be given, within the hour and once (the nonce is spent in Postgres).

Whichever of the network's answers is shown (`MODEL_ANSWER`, or what is asked for), what
is kept of the model's opinion about a face is the mix's, so that opinions can be
compared; what people say to "Is this right?" is about what they were shown.
"""

import base64
import functools
import hashlib
import secrets
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from django.conf import settings
from django.core import signing
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from labeling.errors import Refused
from labeling.registry import serving
from labeling.registry.serving import LoadedModel
from ml.artefact.answers import Answer
from ml.artefact.predictor import evidence_map
from ml.vision import decode
from ml.vision.decode import Note
from ml.vision.detector import Detector, load_detector
from ml.vision.face_answer import FaceAnswer, face_answer
from ml.vision.pipeline import FacePrediction, predict_faces, predict_square

TOKEN_LIFE = timedelta(hours=1)
TOKEN_SALT = "mien.face"  # noqa: S105  a name space, not a secret
NONCE_BYTES = 16


class NoModel(Exception):
    """There is no champion yet that could look at anything."""


@dataclass(frozen=True)
class DetectedFace(FaceAnswer):
    crop_jpeg: bytes = b""  # at most 256 px; with `crops`
    token: str | None = None  # with `crops`
    evidence: NDArray[np.uint8] | None = None  # [h, w], of the winner; with `evidence`

    def to_json(self, *, crops: bool, evidence: bool) -> dict[str, object]:
        answer: dict[str, object] = {
            "box": list(self.box),
            "score": self.score,
            "emotion": self.emotion,
            "is_sure": self.is_sure,
            "runner_up": self.runner_up,
            "doubt": self.doubt,
            "probabilities": self.probabilities,
        }
        if crops:
            answer["crop"] = base64.b64encode(self.crop_jpeg).decode()
            answer["token"] = self.token
        if evidence and self.evidence is not None:
            answer["evidence"] = self.evidence.tolist()
        return answer


@dataclass(frozen=True)
class Detection:
    width: int  # of the upright photo
    height: int
    model: str
    version_id: int
    answer: Answer
    detector: str
    certainty_threshold: float
    faces: list[DetectedFace]  # the largest first
    note: Note | None = None  # what is odd about the file
    milliseconds: dict[str, float] = field(default_factory=dict)  # by step
    preview_jpeg: bytes = b""  # with `preview_side`

    def to_json(
        self, *, crops: bool = False, evidence: bool = False
    ) -> dict[str, object]:
        """The answer of the API, and of the download: pixels of the upright photo."""
        return {
            "model": self.model,
            "answer": self.answer,
            "detector": self.detector,
            "width": self.width,
            "height": self.height,
            "note": self.note,
            "faces": [f.to_json(crops=crops, evidence=evidence) for f in self.faces],
        }


@dataclass(frozen=True)
class FaceClaim:
    """What the model saw in a crop that comes back to us."""

    nonce: bytes
    box: tuple[int, int, int, int]
    version_id: int
    emotion: str  # the mix's, like its probabilities
    probabilities: dict[str, float]
    expires: datetime
    shown: str = ""  # the emotion that whoever holds the token was told, if anybody


def detector() -> Detector:
    """This process's detector, loaded at its first use."""
    return _detector_at(settings.FACE_DETECTOR)


@functools.cache
def _detector_at(path: Path | None) -> Detector:
    return load_detector(path)


def detect(
    data: bytes,
    *,
    crops: bool = False,
    evidence: bool = False,
    preview_side: int = 0,
    is_live: bool = False,
    answer: Answer | None = None,
) -> Detection:
    """Every face of a photo, and how each looks to the champion; where `preview_side`
    is given, with the photo itself, shrunk to so many pixels. Of a live picture, what
    one look finds. Without an `answer` named it is the site's.

    Raises ml.vision.decode.BadPicture, NoModel.
    """
    champion = serving.predictor()
    if champion is None:
        raise NoModel
    answer = answer or settings.MODEL_ANSWER
    clock = _Clock()
    picture = decode.load(data)
    clock.lap("decode")
    seen = [
        _detected_face(face, picture, champion, answer, crops=crops, evidence=evidence)
        for face in predict_faces(
            picture,
            champion.predictor,
            detector(),
            is_one_look=is_live,
            on_step=clock.lap,
        )
    ]
    preview = _preview(picture, preview_side) if preview_side else b""
    clock.lap("answer")
    return Detection(
        width=picture.width,
        height=picture.height,
        model=champion.name,
        version_id=champion.version_id,
        answer=answer,
        detector=detector().name,
        certainty_threshold=champion.predictor.certainty_thresholds[answer],
        faces=seen,
        note=picture.note,
        milliseconds=clock.laps,
        preview_jpeg=preview,
    )


def look_at_square(data: bytes) -> DetectedFace | None:
    """A face's square as another program cut it out, with the champion's answer and a
    token; None where no face is in its middle. Raises BadPicture, NoModel."""
    champion = serving.predictor()
    if champion is None:
        raise NoModel
    picture = decode.load(data)
    face = predict_square(picture, champion.predictor, detector())
    if face is None:
        return None
    answer = settings.MODEL_ANSWER
    return _detected_face(face, picture, champion, answer, crops=True, evidence=False)


def _preview(picture: decode.Picture, side: int) -> bytes:
    return decode.encode_jpeg(decode.fit(picture.rgb, side), quality=85)


def _detected_face(
    face: FacePrediction,
    picture: decode.Picture,
    champion: LoadedModel,
    answer: Answer,
    *,
    crops: bool,
    evidence: bool,
) -> DetectedFace:
    said = face_answer(face, picture, champion.predictor, answer)
    seen = DetectedFace(**vars(said))
    if crops:
        jpeg = decode.encode_jpeg(face.square)
        token = _token(jpeg, seen, face, champion)
        seen = replace(seen, crop_jpeg=jpeg, token=token)
    if evidence:
        winner = champion.predictor.emotions.index(seen.emotion)
        seen = replace(seen, evidence=evidence_map(face.evidence, winner))
    return seen


def open_token(token: str, crop_jpeg: bytes) -> FaceClaim:
    """The claim in a token, if it is ours, fresh, and made for this very crop.

    Raises Refused("token_expired"), Refused("token_invalid").
    """
    try:
        said = signing.loads(token, salt=TOKEN_SALT, max_age=TOKEN_LIFE)
    except signing.SignatureExpired:
        raise Refused(
            "token_expired",
            _("This face was seen more than an hour ago. Please show it again."),
        ) from None
    except signing.BadSignature:
        raise _invalid() from None
    if said["crop"] != hashlib.sha256(crop_jpeg).hexdigest():
        raise _invalid()
    return FaceClaim(
        nonce=bytes.fromhex(said["nonce"]),
        box=tuple(said["box"]),
        version_id=said["version"],
        emotion=said["emotion"],
        probabilities=said["probabilities"],
        expires=datetime.fromtimestamp(said["seen"], UTC) + TOKEN_LIFE,
        shown=said.get("shown", said["emotion"]),  # not in tokens of older versions
    )


def _invalid() -> Refused:
    return Refused(
        "token_invalid",
        _("This face and its token do not belong together. Please show it again."),
    )


def _token(
    jpeg: bytes, seen: DetectedFace, face: FacePrediction, champion: LoadedModel
) -> str:
    mix, predictor = face.probabilities, champion.predictor
    return signing.dumps(
        {
            "seen": int(time.time()),
            "nonce": secrets.token_hex(NONCE_BYTES),
            "crop": hashlib.sha256(jpeg).hexdigest(),
            "box": seen.box,
            "version": champion.version_id,
            "emotion": predictor.emotions[int(mix.argmax())],
            "probabilities": predictor.by_emotion(mix),
            "shown": seen.emotion,
        },
        salt=TOKEN_SALT,
        compress=True,
    )


class _Clock:
    """How long each step took, in milliseconds."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self.laps[step] = round((now - self._last) * 1000, 2)
        self._last = now
