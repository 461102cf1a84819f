"""Cut faces out of a picture as FER-2013 has them."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.vision.decode import resize

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


def crop(rgb: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """The square around a face, uint8 [s, s, 3], s at most 256.

    Side 1.08 × the mean of the box's sides, around its centre; what lies outside the
    picture is its reflection. Larger squares are reduced by averaging areas.
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
