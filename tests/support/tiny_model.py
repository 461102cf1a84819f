"""A network of a few kilobytes with the contract of an artefact, and faces it knows.

`face("happy", seed=3)` is noise with one brighter band, whose height tells the emotion.
`make_artefact(folder)` makes a model that reads those bands, in a few milliseconds and
without TensorFlow; `knows=3` makes one that confuses all but the first three emotions,
so it is worse on any exam made of such faces.
"""

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ml.artefact import card
from ml.artefact.card import Card
from ml.emotions import EMOTIONS

CELLS = 8  # the evidence map is 8 × 8
# How strongly a band pulls: sure of its faces without ever saying 0 or 1.
PULL = 0.25


def face(emotion: str, *, seed: int = 0) -> NDArray[np.uint8]:
    """uint8 [48, 48]: noise around grey 110, 60 brighter in the emotion's band."""
    rng = np.random.default_rng([seed, EMOTIONS.index(emotion)])
    pixels = rng.normal(110, 20, (48, 48))
    top = 6 * EMOTIONS.index(emotion)
    pixels[top : top + 6] += 60
    return np.clip(pixels, 0, 255).astype(np.uint8)


def make_artefact(
    folder: Path,
    *,
    name: str = "tiny",
    knows: int = len(EMOTIONS),
    certainty_threshold: float = 0.5,
    with_keras: bool = True,
    heads: int = 1,
    **knowledge: object,
) -> Card:
    """Fills `folder` with `model.onnx`, a stand-in `model.keras` and `card.json`. Of
    two `heads` that of the labels says what a network of one does, and that of the
    raters the emotion after it."""
    folder.mkdir(parents=True, exist_ok=True)
    model = _network(knows)
    onnx.save(_with_two_heads(model) if heads == 2 else model, folder / card.MODEL)
    if with_keras:
        (folder / "model.keras").write_bytes(b"stands in for a Keras file")
    return card.write(
        folder,
        name=name,
        emotions=EMOTIONS,
        certainty_threshold=certainty_threshold,
        **{"params": CELLS * CELLS * len(EMOTIONS), **knowledge},
    )


def _network(knows: int) -> onnx.ModelProto:
    k = len(EMOTIONS)
    bands = np.full((k, 1, CELLS, CELLS), -1 / (CELLS - 1), np.float32)
    for index in range(k):
        bands[index, :, index] = 1
    unknown = np.arange(knows, k)
    bands[unknown] = bands[np.roll(unknown, 1)]
    weights = {
        "centre": np.array(110, np.float32),
        "bands": bands[:, 0][None] * PULL,
    }
    nodes = [
        helper.make_node("Transpose", ["face"], ["grey"], perm=[0, 3, 1, 2]),
        helper.make_node(
            "AveragePool", ["grey"], ["cells"], kernel_shape=[6, 6], strides=[6, 6]
        ),
        helper.make_node("Sub", ["cells", "centre"], ["bright"]),
        helper.make_node("Mul", ["bright", "bands"], ["maps"]),
        helper.make_node("Transpose", ["maps"], ["evidence"], perm=[0, 2, 3, 1]),
        helper.make_node("GlobalAveragePool", ["maps"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    face_in = helper.make_tensor_value_info("face", TensorProto.FLOAT, ["n", 48, 48, 1])
    outputs = [
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", k]),
        helper.make_tensor_value_info(
            "evidence", TensorProto.FLOAT, ["n", CELLS, CELLS, k]
        ),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [face_in],
        outputs,
        [numpy_helper.from_array(value, key) for key, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 10
    return model


def _with_two_heads(model: onnx.ModelProto) -> onnx.ModelProto:
    """The mix stays as it was."""
    k = len(EMOTIONS)
    after = numpy_helper.from_array(np.roll(np.arange(k), 1), "after")
    model.graph.initializer.append(after)
    model.graph.node.extend(
        [
            helper.make_node("Identity", ["probabilities"], ["label_probabilities"]),
            helper.make_node(
                "Gather", ["probabilities", "after"], ["rater_probabilities"], axis=1
            ),
        ]
    )
    for name in ("label_probabilities", "rater_probabilities"):
        kind = helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", k])
        model.graph.output.append(kind)
    return model
