"""A version as a LiteRT (TensorFlow Lite) file, for phones and small computers."""

import os
import shutil
import tempfile
from pathlib import Path

from ml.artefact import card as cards
from ml.artefact.card import Card
from ml.config import from_json
from ml.errors import BadArtefact

FILE = "model.tflite"


def write(folder: Path, out: Path) -> None:
    """The artefact in `folder`, checked, as OUT/model.tflite in float32, with its card.

    It takes and returns what `model.onnx` does (ml/export/onnx_export.py); where that
    one is int8, answers differ by a few thousandths. Raises BadArtefact without
    model.keras. Under the TensorFlow backend.
    """
    card = cards.verify(folder)
    if "model.keras" not in card.files:
        raise BadArtefact(f"{card.name} has no model.keras, which this is made from.")
    out.mkdir(parents=True, exist_ok=True)
    (out / FILE).write_bytes(_converted(folder, card))
    shutil.copyfile(folder / cards.CARD, out / cards.CARD)


def _converted(folder: Path, card: Card) -> bytes:
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras
    import tensorflow as tf

    from ml.export import onnx_export

    network = keras.saving.load_model(folder / "model.keras", compile=False)
    temperatures = {
        answer: card.of(answer).temperature for answer in ("mix", *card.answers)
    }
    served = onnx_export.serving_model(
        network, from_json(dict(card.config)), temperatures
    )
    with tempfile.TemporaryDirectory() as scratch:
        served.export(scratch, format="tf_saved_model", verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(scratch)
        content: bytes = converter.convert()
    return content
