"""Three faces that we drew, as the model that serves sees them: what the first page
shows before anybody sends a photo. Nothing of it is written beforehand."""

import functools
import threading
from dataclasses import dataclass, replace
from pathlib import Path

from django.db import DatabaseError

from labeling.detection import photos
from labeling.emotions import Emotion
from labeling.registry import serving
from webapp.presenters.detection import PREVIEW_SIDE

FOLDER = Path(__file__).resolve().parents[1] / "static" / "samples"
NAMES = ("happy", "surprise", "angry")

_looking = threading.Lock()  # the first visitors of a process do not all look


@dataclass(frozen=True)
class Sample:
    """A drawn face as its tile shows it."""

    name: str
    detection: photos.Detection

    @property
    def picture(self) -> str:
        return f"samples/{self.name}.jpg"

    @property
    def face(self) -> photos.DetectedFace:
        return self.detection.faces[0]

    @property
    def emotion(self) -> Emotion:
        return Emotion(self.face.emotion)

    @property
    def share(self) -> float:
        return self.face.probabilities[self.face.emotion]


def all_seen() -> list[Sample]:
    """Those with a face that the model found; none while no model serves."""
    try:
        champion = serving.predictor()
    except DatabaseError:  # the page is there without them
        return []
    if champion is None:
        return []
    found = (Sample(name, seen(name)) for name in NAMES)
    return [sample for sample in found if sample.detection.faces]


def seen(name: str) -> photos.Detection:
    """One of NAMES, without tokens: nobody gives a face that was drawn. Raises NoModel,
    KeyError."""
    if name not in NAMES:
        raise KeyError(name)
    champion = serving.predictor()
    if champion is None:
        raise photos.NoModel
    with _looking:
        return _seen_by(champion.version_id, name)


@functools.lru_cache(maxsize=2 * len(NAMES))
def _seen_by(version_id: int, name: str) -> photos.Detection:
    detection = photos.detect(
        (FOLDER / f"{name}.jpg").read_bytes(),
        crops=True,
        evidence=True,
        preview_side=PREVIEW_SIDE,
    )
    faces = [replace(face, token=None) for face in detection.faces]
    return replace(detection, faces=faces)
