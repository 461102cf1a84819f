"""Cut faces out of a picture as FER-2013 has them, and say how good the cut is.

Where an answer should not be trusted, the bounds are where the champion stops being
right, measured on the 4,451 faces of FER-2013 that it did not learn from, made worse
step by step (docs/pictures.md): as they are it is right on 70 %, at 20 px on 56 %, at
16 px on 41 %.
"""

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.vision.decode import resize
from ml.vision.look_rules import CROP, DOUBT

# FER-2013 was cut by a Haar cascade. On 158 faces that both detectors found, its square
# had a side of 1.076 times the mean of the sides of YuNet's box.
CROP_SCALE: float = CROP.scale
# A crop is never larger: ~10 KB as JPEG, and enough for any network.
CROP_SIDE: int = CROP.side
NETWORK_SIDE: int = CROP.network_side  # FER-2013's
# Degrees by the eyes' landmarks, which say 12 of 20 and 16 of 30. On faces of FER-2013
# that were turned, turning back gains from 20 on: at 30 the champion is right on 67 %
# instead of 63, at 45 on 69 instead of 52.
STRAIGHTEN: float = CROP.straighten

VIEW_SIDE: int = DOUBT.view_side  # px: sharpness is judged at one size

LEAST_SIDE: int = DOUBT.least_side  # px of the crop: below, right on less than 56 %
# About a Gaussian blur of 1.5 of 48 px: right on 45 %.
LEAST_SHARPNESS: float = DOUBT.least_sharpness
LEAST_BRIGHTNESS: float = DOUBT.least_brightness  # mean grey: right on less than 60 %
MAX_YAW: float = DOUBT.max_yaw  # one in 200 faces of FER-2013 looks further away

Doubt = Literal["too_small", "blurred", "too_dark", "looks_away"]


class Box(NamedTuple):
    """In pixels of the picture, from its top left corner; may stand out of it."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True)
class Face:
    """`roll`: degrees by which it is turned clockwise in the picture, -180 to 180.
    `yaw`: how far the nose is off the middle of the eyes, in distances between them,
    along their line; beyond .5 the face looks away."""

    box: Box
    score: float  # 0 to 1
    roll: float = 0.0
    yaw: float = 0.0


def cut_out(rgb: NDArray[np.uint8], face: Face) -> NDArray[np.uint8]:
    """The square of a face as `crop` cuts it, upright."""
    is_turned = abs(face.roll) > STRAIGHTEN
    return crop(rgb, face.box, roll=face.roll if is_turned else 0.0)


def crop(rgb: NDArray[np.uint8], box: Box, *, roll: float = 0.0) -> NDArray[np.uint8]:
    """The square around a face, uint8 [s, s, 3], s at most 256, turned back by `roll`.

    Side 1.08 × the mean of the box's sides, around its centre; what lies outside the
    picture is its reflection. Larger squares are reduced by averaging areas.
    """
    side = max(1, round(CROP_SCALE * (box.w + box.h) / 2))
    x, y = box.x + box.w / 2, box.y + box.h / 2
    if roll:
        return turned_square(rgb, x, y, side, roll=roll, pixels=min(side, CROP_SIDE))
    square = _square(rgb, round(x - side / 2), round(y - side / 2), side)
    if side > CROP_SIDE:
        square = resize(square, CROP_SIDE, CROP_SIDE)
    return np.ascontiguousarray(square)


def turned_square(
    rgb: NDArray[np.uint8], x: float, y: float, side: float, *, roll: float, pixels: int
) -> NDArray[np.uint8]:
    """The square of a side around (x, y) as uint8 [pixels, pixels, 3], turned counter-
    clockwise by `roll` degrees; outside the picture is its reflection."""
    # The corners of a turned square lie further out.
    reach = math.ceil(side / (math.sqrt(2) if roll else 2)) + 2
    left, top = math.floor(x) - reach, math.floor(y) - reach
    around = _square(rgb, left, top, 2 * reach + 1)
    scale = side / pixels
    if scale > 2:  # sampling alone would skip pixels
        small = round(len(around) / scale)
        around = resize(around, small, small)
        scale = side / pixels * small / (2 * reach + 1)
    turn = np.radians(roll)
    cos, sin = np.cos(turn), np.sin(turn)
    step = scale * np.array([[cos, -sin], [sin, cos]])
    ratio = len(around) / (2 * reach + 1)
    middle = np.array([x - left, y - top]) * ratio - 0.5
    corner = middle - step @ np.full(2, (pixels - 1) / 2)
    square = cv2.warpAffine(
        around,
        np.column_stack([step, corner]),
        (pixels, pixels),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return np.asarray(square, np.uint8)


def _square(
    rgb: NDArray[np.uint8], left: int, top: int, side: int
) -> NDArray[np.uint8]:
    height, width = rgb.shape[:2]
    if left >= 0 and top >= 0 and left + side <= width and top + side <= height:
        return rgb[top : top + side, left : left + side]
    rows = _reflected(np.arange(top, top + side), height)
    columns = _reflected(np.arange(left, left + side), width)
    return rgb[rows[:, None], columns]


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


@dataclass(frozen=True)
class Quality:
    side: int  # px
    sharpness: float  # variance of the Laplacian over the variance of grey
    brightness: float  # mean grey, 0-255
    contrast: float  # standard deviation of grey


def measure(crop: NDArray[np.uint8]) -> Quality:
    """Figures of a crop, uint8 [h, w, 3] or grey [h, w]."""
    grey = crop if crop.ndim == 2 else cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    side = int(min(grey.shape))
    # The middle only: backgrounds may be as dark or blurred as they like.
    h, w = grey.shape
    middle = grey[h // 8 : h - h // 8, w // 8 : w - w // 8]
    view = cv2.resize(middle, (VIEW_SIDE, VIEW_SIDE), interpolation=cv2.INTER_AREA)
    view = view.astype(np.float32)
    contrast = float(view.std())
    edges = cv2.Laplacian(view, cv2.CV_32F)
    return Quality(
        side=side,
        sharpness=float(edges.var()) / max(contrast**2, 1.0),
        brightness=float(view.mean()),
        contrast=contrast,
    )


def doubt(face: Face, crop: NDArray[np.uint8]) -> Doubt | None:
    """The first reason not to trust an answer about this face, cut out as uint8
    [s, s, 3]; None where there is none."""
    if abs(face.yaw) > MAX_YAW:
        return "looks_away"
    quality = measure(crop)
    if quality.side < LEAST_SIDE:
        return "too_small"
    if quality.brightness < LEAST_BRIGHTNESS:
        return "too_dark"
    return "blurred" if quality.sharpness < LEAST_SHARPNESS else None
