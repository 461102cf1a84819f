"""Short video files made from photographs, for what watches videos and cameras."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ml.vision import decode

SIZE = (640, 480)


def make_clip(
    path: Path, photos: Sequence[Path], *, seconds: float = 1.0, rate: float = 10.0
) -> Path:
    """Each photo for so many seconds, fitted into 640×480 and drifting a little."""
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), rate, SIZE)
    assert video.isOpened()
    for photo in photos:
        rgb = decode.fit(decode.load(photo.read_bytes()).rgb, 460)
        for number in range(round(seconds * rate)):
            canvas = np.full((SIZE[1], SIZE[0], 3), 200, np.uint8)
            left = 20 + 2 * (number % 40)
            canvas[10 : 10 + rgb.shape[0], left : left + rgb.shape[1]] = rgb
            video.write(cv2.cvtColor(canvas, cv2.COLOR_RGB2BGR))
    video.release()
    return path
