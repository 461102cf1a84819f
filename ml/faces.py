"""Find faces in a picture, and cut them out as FER-2013 has them."""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.images import fit, resize

log = logging.getLogger(__name__)

# FER-2013 was cut by a Haar cascade. On 158 faces that both detectors found, its square
# had a side of 1.076 times the mean of the sides of YuNet's box.
CROP_SCALE = 1.08
CROP_SIDE = 256  # a crop is never larger: ~10 KB as JPEG, and enough for any network
NETWORK_SIDE = 48  # FER-2013's


class Box(NamedTuple):
    """In pixels of the picture, from its top left corner; may stand out of it."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True)
class Face:
    box: Box
    score: float  # 0 to 1
    landmarks: NDArray[np.float32] | None = None
    # [5, 2]: right eye, left eye, nose, right and left corner of the mouth (x, y)


class Detector(Protocol):
    name: str

    def find(self, rgb: NDArray[np.uint8]) -> list[Face]:
        """Faces in uint8 [h, w, 3], in its pixels, the largest first."""


def load_detector(path: Path | None) -> Detector:
    """YuNet, if its file is at `path` and whole; otherwise OpenCV's Haar cascade."""
    from ml.yunet import SHA256, YuNet

    if path is None or not path.is_file():
        log.warning("No YuNet at %s: faces are found by the Haar cascade.", path)
        return Haar()
    model = path.read_bytes()
    if hashlib.sha256(model).hexdigest() != SHA256:
        log.warning("%s is not the YuNet we know: Haar cascade instead.", path)
        return Haar()
    return YuNet(model)


class Haar:
    """The cascade that comes with OpenCV: the detector of last resort.

    It finds upright frontal faces, misses one in five that YuNet finds, and sees a few
    where none are.
    """

    name = "haar"
    max_side = 640
    smallest = 24  # px, the cascade's own window

    def __init__(self) -> None:
        folder = Path(cv2.__file__).parent / "data"
        self._path = str(folder / "haarcascade_frontalface_default.xml")

    def find(self, rgb: NDArray[np.uint8]) -> list[Face]:
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


def crop(rgb: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """The square around a face, uint8 [s, s, 3], s at most 256.

    Side 1.08 × the mean of the box's sides, around its centre; what lies outside the
    picture is its reflection. Larger squares are shrunk by averaging areas.
    """
    side = max(1, round(CROP_SCALE * (box.w + box.h) / 2))
    left = round(box.x + box.w / 2 - side / 2)
    top = round(box.y + box.h / 2 - side / 2)
    height, width = rgb.shape[:2]
    if left >= 0 and top >= 0 and left + side <= width and top + side <= height:
        square = rgb[top : top + side, left : left + side]
    else:
        rows = _reflected(np.arange(top, top + side), height)
        columns = _reflected(np.arange(left, left + side), width)
        square = rgb[rows[:, None], columns]
    if side > CROP_SIDE:
        square = resize(square, CROP_SIDE, CROP_SIDE)
    return np.ascontiguousarray(square)


def _reflected(places: NDArray[np.int_], size: int) -> NDArray[np.int_]:
    """Places outside 0…size-1 folded back, the edge itself not repeated."""
    if size == 1:
        return np.zeros_like(places)
    turn = 2 * (size - 1)
    places = np.abs(places) % turn
    return np.minimum(places, turn - places)


def to_network(square: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A crop uint8 [s, s, 3] (or grey [s, s]) as the networks take it.

    float32 [48, 48, 1], whole greys 0–255, so that it can be kept as bytes.
    """
    grey = square
    if square.ndim == 3:
        grey = np.asarray(cv2.cvtColor(square, cv2.COLOR_RGB2GRAY), np.uint8)
    if grey.shape != (NETWORK_SIDE, NETWORK_SIDE):
        grey = resize(grey, NETWORK_SIDE, NETWORK_SIDE)
    return grey.astype(np.float32)[..., None]
