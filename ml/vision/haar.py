"""OpenCV's Haar cascade, for a site without YuNet's file."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.vision.decode import fit
from ml.vision.face_crop import CROP_SCALE, Box, Face


class Haar:
    """The cascade that comes with OpenCV: the detector of last resort.

    It finds upright frontal faces, misses one in five that YuNet finds, and sees a few
    where none are.
    """

    name = "haar"
    knows_roll = False
    max_side = 640
    smallest = 24  # px, the cascade's own window

    def __init__(self) -> None:
        folder = Path(cv2.__file__).parent / "data"
        self._path = str(folder / "haarcascade_frontalface_default.xml")

    def find(self, rgb: NDArray[np.uint8]) -> list[Face]:
        """Faces in uint8 [h, w, 3], in its pixels, the largest first."""
        small = fit(rgb, self.max_side)
        scale = max(rgb.shape[:2]) / max(small.shape[:2])
        if min(small.shape[:2]) < self.smallest:
            return []
        # A cascade keeps state while it runs, so every call has its own (2 ms to load).
        cascade = cv2.CascadeClassifier(self._path)
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        squares, _levels, weights = cascade.detectMultiScale3(
            grey, 1.1, 5, outputRejectLevels=True
        )
        faces = [
            _face_of_square(np.asarray(square) * scale, float(weight))
            for square, weight in zip(squares, np.ravel(weights), strict=True)
        ]
        return sorted(faces, key=lambda face: -face.box.w)


def _face_of_square(square: NDArray[np.float64], weight: float) -> Face:
    """Haar's square is the crop itself, so the box is the smaller one inside it."""
    x, y, side = (float(value) for value in square[:3])
    inner = side / CROP_SCALE
    margin = (side - inner) / 2
    # The cascade's weight has no upper end; beyond 5 it is as sure as it gets.
    score = 1 / (1 + float(np.exp(-weight / 2)))
    return Face(Box(x + margin, y + margin, inner, inner), score)
