"""From a trained network to the files that serve: `model.onnx` by the contract.

The served graph takes `face` float32 [n, 48, 48, 1], grey 0-255, and returns
`probabilities` [n, k], calibrated, and `evidence` [n, h, w, k]. Inside it: the network
on two looks at each face (ml/export/multi_view.py), averaged; both heads, mixed by
`votes_share`; the temperature. Then int8 weights and activations (QDQ), kept where they
agree.
"""

import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from scipy.optimize import minimize_scalar

from ml.config import Config
from ml.data.arrays import SIDE, Bytes, Floats, Ints
from ml.export import graph_optimisation, multi_view

CALIBRATION = 1000  # faces of Tune that set the ranges of int8
# int8 is kept unless it costs more than this share of Tune's faces.
TOLERANCE = 0.005


class Answer(layers.Layer):  # type: ignore[misc]
    """Logits and evidence of both looks at a face -> calibrated answer.

    logits [2n, heads, k] or [n, heads, k]; maps [.., h, w, heads * k].
    """

    def __init__(self, config: Config, temperature: float) -> None:
        super().__init__(dtype="float32")
        self.config, self.temperature = config, temperature

    def call(self, logits: Any, maps: Any) -> tuple[Any, Any]:
        heads, k = logits.shape[1:]
        high, wide = maps.shape[1:3]
        share = [1 - self.config.votes_share, self.config.votes_share]
        weight = np.array(share if heads == 2 else [1.0], np.float32)
        maps = ops.reshape(maps, (-1, high, wide, heads, k))
        if self.config.mirror:
            logits = ops.mean(ops.reshape(logits, (2, -1, heads, k)), 0)
            there, back = ops.split(ops.reshape(maps, (2, -1, high, wide, heads, k)), 2)
            maps = (there[0] + back[0][:, :, ::-1]) / 2
        p = ops.sum(ops.softmax(logits) * weight[:, None], 1)
        p = ops.softmax(ops.log(p + 1e-7) / self.temperature)
        return p, ops.sum(maps * weight[:, None], -2)


def is_possible() -> bool:
    """Whether this process can write ONNX: Keras does it by way of TensorFlow."""
    return bool(keras.backend.backend() == "tensorflow")


def served(
    network: keras.Model, config: Config, *, temperature: float = 1.0
) -> keras.Model:
    """The functional model that is exported: face -> [probabilities, evidence]."""
    face = layers.Input((SIDE, SIDE, 1), name="face")
    edge = (SIDE - config.size) // 2
    x = face[:, edge : SIDE - edge, edge : SIDE - edge]
    if config.mirror:  # two looks, as in ml/export/multi_view.py
        first = wide(face, config.size) if config.wide else x
        x = ops.concatenate([first, x[:, :, ::-1]], 0)
    logits, maps = with_evidence(network)(x)
    return keras.Model(face, list(Answer(config, temperature)(logits, maps)))


def wide(face: Any, size: int) -> Any:
    """[n, size, size, 1]: the whole of [n, 48, 48, 1], shrunk as `views.wide` does.
    (tf2onnx exports a Resizing layer that gives something else.)"""
    shrink = multi_view.shrinking(size)[
        None
    ]  # with an axis for faces: two plain products
    return ops.matmul(ops.matmul(shrink, face[..., 0]), shrink.mT)[..., None]


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
    """Write a `served` model as ONNX in float32, its input and outputs named by the
    contract. Under the TensorFlow backend."""
    import onnx

    model(np.zeros((1, SIDE, SIDE, 1), np.float32))
    model.export(str(path), format="onnx", verbose=False)
    graph = onnx.load(path)
    old = [graph.graph.input[0].name, *(o.name for o in graph.graph.output)]
    new = dict(zip(old, ("face", "probabilities", "evidence"), strict=True))
    for node in graph.graph.node:
        node.input[:] = [new.get(name, name) for name in node.input]
        node.output[:] = [new.get(name, name) for name in node.output]
    for value in (*graph.graph.input, *graph.graph.output):
        value.name = new[value.name]
    onnx.save(graph, path)


def to_int8(source: Path, target: Path, faces: Floats) -> None:
    """`source` with int8 convolutions (QDQ, per channel), ranges set on `faces`; but
    for the first, which would see the grey values themselves in coarse steps: nine
    tenths of all that int8 changed came from it (docs/champion.md)."""
    import onnx
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
        shape_inference,
    )

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.left = iter(np.array_split(faces, max(1, len(faces) // 50)))

        def get_next(self) -> dict[str, Floats] | None:
            batch = next(self.left, None)
            return None if batch is None else {"face": batch}

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
            Reader(),
            quant_format=QuantFormat.QDQ,
            # With its ReLU a convolution becomes one step: a tenth faster.
            op_types_to_quantize=["Conv", "MaxPool", "Relu"],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=first,
        )
    graph_optimisation.repair(target)


def run(path: Path, pixels: Bytes, *, batch: int = 64) -> tuple[Floats, Floats]:
    """(probabilities, evidence) of an ONNX file for faces uint8 [n, 48, 48]."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"]
    )
    parts = [
        session.run(
            ["probabilities", "evidence"],
            {"face": pixels[i : i + batch, :, :, None].astype(np.float32)},
        )
        for i in range(0, len(pixels), batch)
    ]
    probabilities, evidence = zip(*parts, strict=True)
    return np.concatenate(probabilities), np.concatenate(evidence)


def best_temperature(p: Floats, labels: Ints) -> float:
    """The temperature at which probabilities [n, k] fit the labels best (log loss)."""
    logs = np.log(np.maximum(p, 1e-7))

    def loss(temperature: float) -> float:
        scaled = logs / temperature
        top = scaled.max(1, keepdims=True)
        norm = top[:, 0] + np.log(np.exp(scaled - top).sum(1))
        return float((norm - scaled[np.arange(len(labels)), labels]).mean())

    found = minimize_scalar(loss, bounds=(0.3, 4.0), method="bounded")
    return round(float(found.x), 4)


def certainty_threshold(p: Floats, labels: Ints, *, groups: int = 20) -> float:
    """The winner's probability up to which it is wrong as often as right: there the
    honest answer is "hard to say". Faces are taken in groups of like probability;
    the result lies between 0.25 and 0.6."""
    sure, right = p.max(1), p.argmax(1) == labels
    found = 0.25
    for group in np.array_split(np.argsort(sure), groups):
        if len(group) and right[group].mean() < 0.5:
            found = float(sure[group].max())
    return round(min(max(found, 0.25), 0.6), 3)


def multiply_adds(path: Path, *, mirror: bool) -> int:
    """Multiply-adds of one face's convolutions and dense layers, from the graph."""
    import onnx

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
            _n, _c, high, wide = shapes[node.output[0]]
            total += int(np.prod(weight)) * high * wide
        elif node.op_type in ("Gemm", "MatMul") and weight:
            total += int(np.prod(weight))
    return total * (2 if mirror else 1)
