"""Test-time augmentation: the two views of a face that the served graph averages.

The two differ in scale as well as in side, for views that differ more err less alike:
on Tune .2 to .4 points over two of one scale, for the same time. `serving_model` of
ml/export/onnx_export.py makes the same views inside the graph.
"""

import cv2
import numpy as np

from ml.config import Config
from ml.data.arrays import SIDE, Bytes, Floats


def views(pixels: Bytes, config: Config) -> list[Bytes]:
    """The views of faces uint8 [n, 48, 48], each uint8 [n, size, size]."""
    middle = centre_crop(pixels, config.size)
    first = downscale(pixels, config.size) if config.wide else middle
    return [first, middle[:, :, ::-1]] if config.mirror else [first]


def centre_crop(pixels: Bytes, size: int) -> Bytes:
    """uint8 [n, size, size] from the middle of [n, 48, 48]: as large as in training.
    (All 48 at their own scale cost two points on Tune, for a network that had seen
    44.)"""
    margin = (pixels.shape[1] - size) // 2
    return pixels[:, margin : margin + size, margin : margin + size]


def downscale(pixels: Bytes, size: int) -> Bytes:
    """uint8 [n, size, size]: the whole of uint8 [n, 48, 48], bilinear."""
    matrix = downscale_matrix(size)
    small = matrix @ pixels.astype(np.float32) @ matrix.T
    return np.asarray(np.rint(small), np.uint8)


def downscale_matrix(size: int) -> Floats:
    """float32 [size, 48], each row summing to 1: bilinear, for one of the two axes."""
    return np.asarray(cv2.resize(np.eye(SIDE, dtype=np.float32), (SIDE, size)))
