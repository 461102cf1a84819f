"""PyPI's `fer`, timed and counted by an interpreter that has it (FER_PYTHON).

    $FER_PYTHON tests/bench/parts/with_fer.py FACES.npy PHOTO… -- PHOTO…

The first photos are timed, those after `--` counted. Knows nothing of Mien, so that it
runs in an environment without it.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import cv2
import numpy as np
from fer import FER


def milliseconds(work, seconds=4.0):
    """As tests/bench/parts/timing.py: median processor time."""
    for _turn in range(3):
        work()
    times = []
    end = time.process_time() + seconds
    while time.process_time() < end or len(times) < 5:
        start = time.process_time()
        work()
        times.append((time.process_time() - start) * 1000)
    return float(np.median(times))


def look(detector, data):
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return detector.detect_emotions(picture)


def time_photo(detector, name):
    data = Path(name).read_bytes()
    return milliseconds(lambda: look(detector, data))


def main():
    faces_file, *photos = sys.argv[1:]
    timed, counted = (
        photos[: photos.index("--")],
        photos[photos.index("--") + 1 :],
    )
    detector = FER()
    face = np.load(faces_file)[:1, ..., 0]
    # As in its detect_emotions: 64 pixels, -1 to 1, then the Keras model.
    face = cv2.resize(face[0], (64, 64))[None] / 127.5 - 1
    classify = getattr(detector, "_classify_emotions", None)
    answer = {
        "classify": milliseconds(lambda: classify(face)) if classify else None,
        "photos": {name: time_photo(detector, name) for name in timed},
        "counts": {
            Path(name).name: len(look(detector, Path(name).read_bytes()))
            for name in counted
        },
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
