"""The face detector: YuNet where its file is, else the Haar cascade of OpenCV."""

import hashlib
import logging
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ml.vision.face_crop import Face
from ml.vision.haar import Haar
from ml.vision.yunet import SHA256, YuNet

log = logging.getLogger(__name__)


class Detector(Protocol):
    name: str
    knows_roll: bool  # its faces have a roll, and turned ones score less

    def find(self, rgb: NDArray[np.uint8]) -> list[Face]:
        """Faces in uint8 [h, w, 3], in its pixels, the largest first."""


def load_detector(path: Path | None) -> Detector:
    """YuNet, if its file is at `path` and whole; otherwise OpenCV's Haar cascade."""
    if path is None or not path.is_file():
        log.warning("No YuNet at %s: faces are found by the Haar cascade.", path)
        return Haar()
    model = path.read_bytes()
    if hashlib.sha256(model).hexdigest() != SHA256:
        log.warning("%s is not the YuNet we know: Haar cascade instead.", path)
        return Haar()
    return YuNet(model)
