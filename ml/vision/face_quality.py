"""Figures of a crop, and where no answer should be trusted.

The bounds are where the champion stops being right, measured on the 4,451 faces of
FER-2013 that it did not learn from, made worse step by step (docs/pictures.md): as they
are it is right on 70 %, at 20 px on 56 %, at 16 px on 41 %.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.vision.face_crop import Face

VIEW_SIDE = 48  # px: sharpness is judged at one size, whatever the camera

LEAST_SIDE = 20  # px of the crop: below, right on less than 56 %
LEAST_SHARPNESS = 0.035  # about a Gaussian blur of 1.5 of 48 px: right on 45 %
LEAST_BRIGHTNESS = 6.0  # mean grey: right on less than 60 %
MAX_YAW = 0.8  # one in 200 faces of FER-2013 looks further away

Doubt = Literal["too_small", "blurred", "too_dark", "looks_away"]


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
