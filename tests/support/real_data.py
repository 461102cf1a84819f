"""Real data that the repository does not hold, by environment variable."""

import os
from pathlib import Path

import pytest


def _path(name: str) -> Path | None:
    value = os.environ.get(name)
    return Path(value).resolve() if value and Path(value).exists() else None


FER2013 = _path("FER2013")
FERPLUS = _path("FERPLUS")
FACE_DETECTOR = _path("FACE_DETECTOR")
PHOTOS = _path("PHOTOS")


def _needs(name: str, path: Path | None) -> pytest.MarkDecorator:
    return pytest.mark.skipif(path is None, reason=f"{name} is not set")


needs_fer2013 = _needs("FER2013", FER2013)
needs_ferplus = _needs("FERPLUS", FERPLUS)
needs_face_detector = _needs("FACE_DETECTOR", FACE_DETECTOR)
needs_photos = _needs("PHOTOS", PHOTOS)
