"""Keras `predict` of the shipped network, timed in a process of its own: by itself, one
look at a face, and as the whole graph that ships, with both looks and their mean.

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

import ml.training.networks  # noqa: F401  registers the layers of our own
from ml.artefact import card
from ml.config import from_json
from ml.export import onnx_export
from tests.bench.parts.timing import milliseconds


def main() -> None:
    folder, faces_file = map(Path, sys.argv[1:])
    network = keras.models.load_model(folder / "model.keras", compile=False)
    config = from_json(dict(card.read(folder).config))
    models = {"network": network, "graph": onnx_export.serving_model(network, config)}
    faces = np.load(faces_file)
    print(json.dumps({name: timed(model, faces) for name, model in models.items()}))


def timed(model: keras.Model, faces: np.ndarray) -> dict[str, float]:
    return {
        str(n): milliseconds(lambda n=n: model.predict(faces[:n], verbose=0))
        for n in (1, 8)
    }


if __name__ == "__main__":
    main()
