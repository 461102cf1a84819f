"""Keras `predict` of the shipped network, timed in a process of its own.

python -m tests.bench.parts.with_keras MODEL_FOLDER FACES.npy
"""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np

import ml.networks  # noqa: F401  registers the layers of our own
from tests.bench.parts.timing import milliseconds


def main() -> None:
    folder, faces_file = sys.argv[1:]
    model = keras.models.load_model(Path(folder) / "model.keras", compile=False)
    faces = np.load(faces_file)
    print(
        json.dumps(
            {
                str(n): milliseconds(
                    lambda n=n: model.predict(faces[:n], verbose=0), seconds=4
                )
                for n in (1, 8)
            }
        )
    )


if __name__ == "__main__":
    main()
