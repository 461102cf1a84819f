"""From a trained network to the files that serve: `model.onnx` by the contract.

The served graph takes `face` float32 [n, 48, 48, 1], grey 0-255, and returns
`probabilities` [n, k], calibrated, and `evidence` [n, h, w, k]. Inside it: the network
on two views of each face (ml/export/multi_view.py), averaged; both heads, mixed by
`votes_share`; the temperature. Of two heads it returns each one's own probabilities
too, at a temperature of its own: `label_probabilities` and `rater_probabilities`
(ml/artefact/answers.py). Then int8 weights and activations (QDQ), kept where they
agree.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import onnxruntime
from keras import layers, ops
from onnxruntime.quantization import (
    QuantFormat,
    QuantType,
    quantize_static,
    shape_inference,
)

from ml.artefact import predictor
from ml.artefact.answers import HEADS, OUTPUTS, Answer, outputs_of
from ml.artefact.predictor import Prediction
from ml.config import Config
from ml.data.arrays import SIDE, BadData, Bytes, Floats
from ml.export import graph_optimisation, multi_view

RANGE_FACES = 1000  # that set the ranges of int8


def check_backend(out: Path) -> None:
    """Raises BadData where this process has trained OUT but cannot export it: Keras
    writes ONNX by way of TensorFlow."""
    if keras.backend.backend() != "tensorflow":
        raise BadData(
            f"{out} is trained, but only TensorFlow can export it: give the same "
            "command again with --resume and KERAS_BACKEND=tensorflow"
        )


Temperatures = Mapping[Answer, float]  # 1 where one is not named
UNCALIBRATED: Temperatures = {}


def serving_model(
    network: keras.Model, config: Config, temperatures: Temperatures = UNCALIBRATED
) -> keras.Model:
    """The functional model that is exported: face float32 [n, 48, 48, 1], grey 0-255
    -> [probabilities [n, k], evidence [n, h, w, k]], and of two heads
    label_probabilities and rater_probabilities [n, k] as well."""
    face = layers.Input((SIDE, SIDE, 1), name="face")
    margin = (SIDE - config.size) // 2
    middle = face[:, margin : SIDE - margin, margin : SIDE - margin]
    x = downscale(face, config.size) if config.wide else middle
    if config.mirror:  # two views, as in ml/export/multi_view.py
        x = ops.concatenate([x, middle[:, :, ::-1]], 0)
    logits, maps = with_evidence(network)(x)
    return keras.Model(face, calibrated_output(logits, maps, config, temperatures))


def calibrated_output(
    logits: Any, maps: Any, config: Config, temperatures: Temperatures
) -> list[Any]:
    """Of both views of n faces, logits [2n, heads, k] and maps [2n, h, w, heads * k]
    (or of one view, [n, …]): the outputs of `serving_model`."""
    heads, k = logits.shape[1:]
    height, width = maps.shape[1:3]
    share = [1 - config.votes_share, config.votes_share]
    weight = np.array(share if heads == 2 else [1.0], np.float32)
    logits, maps = ops.cast(logits, "float32"), ops.cast(maps, "float32")
    maps = ops.reshape(maps, (-1, height, width, heads, k))
    if config.mirror:
        logits = ops.mean(ops.reshape(logits, (2, -1, heads, k)), 0)
        maps = ops.reshape(maps, (2, -1, height, width, heads, k))
        first, mirrored = ops.split(maps, 2)
        maps = (first[0] + mirrored[0][:, :, ::-1]) / 2
    p = ops.sum(ops.softmax(logits) * weight[:, None], 1)
    p = ops.softmax(ops.log(p + 1e-7) / temperatures.get("mix", 1.0))
    mix = [p, ops.sum(maps * weight[:, None], -2)]
    return mix if heads == 1 else [*mix, *answers_of_heads(logits, temperatures)]


def answers_of_heads(logits: Any, temperatures: Temperatures) -> list[Any]:
    """Each head's own probabilities [n, k], of logits [n, 2, k]."""
    own = np.array([[temperatures.get(head, 1.0)] for head in HEADS], np.float32)
    p = ops.softmax(logits / own)
    return [p[:, 0], p[:, 1]]


def downscale(face: Any, size: int) -> Any:
    """[n, size, size, 1] of [n, 48, 48, 1], as `multi_view.downscale` does it.
    (tf2onnx exports a Resizing layer that gives something else.)"""
    # With an axis for faces: two plain products.
    matrix = multi_view.downscale_matrix(size)[None]
    return ops.matmul(ops.matmul(matrix, face[..., 0]), matrix.mT)[..., None]


def with_evidence(network: keras.Model) -> keras.Model:
    """The network with its class activation maps as second output; one that ends in
    dense layers has no maps and gives its logits as a map of one cell."""
    logits = network.output
    try:
        maps = network.get_layer("evidence").output
    except ValueError:
        maps = layers.Reshape((1, 1, logits.shape[1] * logits.shape[2]))(logits)
    return keras.Model(network.input, [logits, maps])


def to_onnx(model: keras.Model, path: Path) -> None:
    """Write a `serving_model` as ONNX in float32, its input and outputs named by the
    contract. Under the TensorFlow backend."""
    model(np.zeros((1, SIDE, SIDE, 1), np.float32))
    model.export(str(path), format="onnx", verbose=False)
    graph = onnx.load(path)
    old = [graph.graph.input[0].name, *(o.name for o in graph.graph.output)]
    new = ["face", "probabilities", "evidence", *(OUTPUTS[head] for head in HEADS)]
    names = dict(zip(old, new[: len(old)], strict=True))
    for node in graph.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for value in (*graph.graph.input, *graph.graph.output):
        value.name = names[value.name]
    onnx.save(graph, path)


class CalibrationFaces:
    """Faces uint8 [n, 48, 48] for ONNX Runtime's quantisation, about 50 at a time."""

    def __init__(self, pixels: Bytes) -> None:
        faces = pixels[..., None].astype(np.float32)
        self.batches = iter(np.array_split(faces, max(1, len(faces) // 50)))

    def get_next(self) -> dict[str, Floats] | None:
        batch = next(self.batches, None)
        return None if batch is None else {"face": batch}


def to_int8(source: Path, target: Path, pixels: Bytes) -> None:
    """The ONNX file `source` with int8 convolutions (QDQ, per channel) as `target`;
    activation ranges are set on the first of `pixels`, uint8 [n, 48, 48].

    The first convolution stays float, for it would see the grey values themselves in
    coarse steps: nine tenths of all that int8 changed came from it (docs/champion.md).
    """
    with tempfile.TemporaryDirectory() as scratch:
        folded = Path(scratch) / "folded.onnx"
        shape_inference.quant_pre_process(
            str(source), str(folded), skip_symbolic_shape=True
        )
        nodes = onnx.load(folded).graph.node
        first = [node.name for node in nodes if node.op_type == "Conv"][:1]
        quantize_static(
            str(folded),
            str(target),
            CalibrationFaces(pixels[:RANGE_FACES]),
            quant_format=QuantFormat.QDQ,
            # With its ReLU a convolution becomes one step: a tenth faster.
            op_types_to_quantize=["Conv", "MaxPool", "Relu"],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=first,
        )
    graph_optimisation.optimise(target)


def predict(path: Path, pixels: Bytes, *, batch: int = 64) -> Prediction:
    """What an ONNX file says of faces uint8 [n, 48, 48], n at least 1."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"]
    )
    faces = pixels[..., None].astype(np.float32)
    return predictor.predict(session, outputs_of(session), faces, batch)


def multiply_adds(path: Path, *, mirror: bool) -> int:
    """Multiply-adds of one face's convolutions and dense layers, from the graph of a
    float32 file; with `mirror` twice, for the two views."""
    graph = onnx.shape_inference.infer_shapes(onnx.load(path)).graph
    weights = {w.name: tuple(w.dims) for w in graph.initializer}
    shapes = {
        v.name: [d.dim_value for d in v.type.tensor_type.shape.dim]
        for v in (*graph.value_info, *graph.output)
    }
    total = 0
    for node in graph.node:
        weight = next((weights[n] for n in node.input[1:2] if n in weights), ())
        if node.op_type == "Conv" and weight:
            _n, _c, height, width = shapes[node.output[0]]
            total += int(np.prod(weight)) * height * width
        elif node.op_type in ("Gemm", "MatMul") and weight:
            total += int(np.prod(weight))
    return total * (2 if mirror else 1)
