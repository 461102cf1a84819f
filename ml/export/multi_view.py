"""How the served graph looks at a face: `export.served` does the same in the graph.

Twice, and the answers are averaged. The two looks differ in scale as well as in side,
for two that differ more err less alike: on Tune .2 to .4 points over two of one scale,
for the same time.
"""

import cv2
import numpy as np

from ml.config import Config
from ml.data.arrays import SIDE, Bytes, Floats


def of(pixels: Bytes, config: Config) -> list[Bytes]:
    """The looks at faces uint8 [n, 48, 48], each uint8 [n, size, size]."""
    middle = centre(pixels, config.size)
    if not config.mirror:
        return [middle]
    return [wide(pixels, config.size) if config.wide else middle, middle[:, :, ::-1]]


def centre(pixels: Bytes, size: int) -> Bytes:
    """[n, size, size] from the middle of [n, 48, 48]: as large as in training. (All 48
    at their own scale cost two points on Tune, for a network that had seen 44.)"""
    edge = (pixels.shape[1] - size) // 2
    return pixels[:, edge : edge + size, edge : edge + size]


def wide(pixels: Bytes, size: int) -> Bytes:
    """[n, size, size]: the whole of [n, 48, 48], shrunk."""
    shrink = shrinking(size)
    shrunk = shrink @ pixels.astype(np.float32) @ shrink.T
    return np.asarray(np.rint(shrunk), np.uint8)


def shrinking(size: int) -> Floats:
    """float32 [size, 48], each row summing to 1: bilinear, for one of the two axes."""
    return np.asarray(cv2.resize(np.eye(SIDE, dtype=np.float32), (SIDE, size)))
