"""Whether two pictures that agree as a whole differ somewhere: another expression.

A portrait with another mouth correlates with the first as well as many a copy does, for
most of it is the same. So what `near_duplicates` finds is laid over one another anew at
64×64 greys, and the difference is looked at place by place: a copy differs nowhere, a
change of expression does at mouth, eyes or brows.

docs/duplicates.md holds how well that works, and how it was measured.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.vision.decode import resize
from ml.vision.near_duplicates import SIDE as SIGNATURE_SIDE
from ml.vision.near_duplicates import Alignment

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

SIDE = 64  # of the greys compared
# From this on something has changed: of 815 pairs with another expression all but one
# lie above, of re-compressed, mirrored and re-cropped copies 97 % and more below.
CHANGED = 0.14
FRAME = 12  # px of the known face where nothing is compared: hair and background
UNSURE = 5  # px of the query's border, which a re-crop may have made up
MIN_PLACES = 200  # px that both show, to say anything
FINE, COARSE = 0.7, 5.0  # px: noise below and slopes of light above do not count
PLACE = 2.0  # px: how large a place is that may differ


def local_change(
    query: NDArray[np.uint8], known: NDArray[np.uint8], alignment: Alignment
) -> float:
    """How much the place differs that differs most; CHANGED and above is no copy.

    Two crops uint8 [s, s, 3] or grey [s, s] of any sides, and how `near_duplicates`
    found them to lie; infinite where they cannot be laid over one another.
    """
    theirs, ours = _grey(known), _grey(query)
    if alignment.is_mirrored:
        ours = np.ascontiguousarray(ours[:, ::-1])
    where = _refined(_enlarged(alignment.where), theirs, ours)
    if where is None:
        return np.inf
    sure = np.zeros((SIDE, SIDE), np.float32)
    sure[UNSURE:-UNSURE, UNSURE:-UNSURE] = 1
    seen = _warped(sure, where, cv2.INTER_NEAREST) > 0
    return _largest_difference(theirs, _warped(ours, where, cv2.INTER_LINEAR), seen)


def _grey(face: NDArray[np.uint8]) -> Floats:
    if face.ndim == 3:
        face = np.asarray(cv2.cvtColor(face, cv2.COLOR_RGB2GRAY), np.uint8)
    return resize(face, SIDE, SIDE).astype(np.float32)


def _enlarged(where: Floats) -> Floats:
    """An alignment of signatures as one of our greys: pixels are counted from their
    middles, so half a pixel goes and comes."""
    shift = where[:, 2] + 0.5 - where[:, :2] @ (0.5, 0.5)
    offset = shift * SIDE / SIGNATURE_SIDE + where[:, :2] @ (0.5, 0.5) - 0.5
    return np.column_stack([where[:, :2], offset]).astype(np.float32)


def _refined(where: Floats, theirs: Floats, ours: Floats) -> Floats | None:
    edge = SIDE // 8
    inner = np.ascontiguousarray(_band_pass(theirs)[edge:-edge, edge:-edge])
    where[:, 2] += where[:, :2] @ (edge, edge)
    everywhere = np.full((SIDE, SIDE), 255, np.uint8)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
    try:
        _score, found = cv2.findTransformECC(
            inner, _band_pass(ours), where, cv2.MOTION_AFFINE, stop, everywhere, 1
        )
    except cv2.error:  # it did not converge
        return None
    where = np.asarray(found, np.float32)
    where[:, 2] -= where[:, :2] @ (edge, edge)
    return where


def _largest_difference(theirs: Floats, ours: Floats, seen: Mask) -> float:
    compared = np.zeros_like(seen)
    compared[FRAME:-FRAME, FRAME:-FRAME] = seen[FRAME:-FRAME, FRAME:-FRAME]
    if compared.sum() < MIN_PLACES:
        return np.inf
    difference = theirs - _lit_as(ours, theirs, compared)
    difference = _mean(difference, seen, FINE) - _mean(difference, seen, COARSE)
    contrast = (theirs - _mean(theirs, seen, COARSE)) ** 2
    # Against the place's contrast alone, noise would be all there is on a plain cheek.
    usual = _mean(contrast, seen, PLACE) + contrast[compared].mean()
    change = _mean(difference**2, seen, PLACE) / np.maximum(usual, 1e-3)
    return float(change[compared].max())


def _lit_as(ours: Floats, theirs: Floats, where: Mask) -> Floats:
    """Ours as bright, and of as much contrast, as theirs."""
    a, b = ours[where], theirs[where]
    spread = np.cov(a, b)
    slope = spread[0, 1] / max(1e-3, spread[0, 0])
    return np.asarray((ours - a.mean()) * slope + b.mean(), np.float32)


def _mean(values: Floats, seen: Mask, sigma: float) -> Floats:
    """Around each pixel, over what is seen alone: nothing leaks in from the rest."""
    weights = _blur(seen.astype(np.float32), sigma)
    sums = _blur(values * seen, sigma)
    return np.asarray(sums / np.maximum(weights, 1e-3), np.float32)


def _band_pass(grey: Floats) -> Floats:
    return _blur(grey, SIDE / 48) - _blur(grey, SIDE / 6)


def _blur(values: Floats, sigma: float) -> Floats:
    border = cv2.BORDER_REFLECT_101
    blurred = cv2.GaussianBlur(values, (0, 0), sigma, borderType=border)
    return np.asarray(blurred, np.float32)


def _warped(values: Floats, where: Floats, how: int) -> Floats:
    flags = how | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(values, where, (SIDE, SIDE), flags=flags))
