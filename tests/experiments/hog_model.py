"""A model of the classical kind, for experiments that train hundreds of them.

Histograms of oriented gradients (Dalal and Triggs 2005) and a softmax regression, made
in seconds and without TensorFlow. It is far from the champion, but it learns from
faces, labels and weights as that does, serves by the same contract, and sits the same
exam. `python -m tests.experiments.hog_model` knows the commands of `python -m ml`; its
`train` makes this.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax

from ml import __main__ as ml
from ml import config
from ml.artefact import card
from ml.artefact.onnx_session import open_session
from ml.artefact.predictor import Predictor
from ml.commands import train as command
from ml.config import Config
from ml.data.arrays import Bytes, Floats, Rows
from ml.evaluation import metrics
from ml.evaluation.evaluate import predict
from ml.training import pipeline
from ml.training_events import Done

CELL = 6  # pixels
CELLS = 8  # a row
ANGLES = 8  # of the gradient, over the whole turn
RIDGE = 1e-3  # of the weights' squares; chosen on Tune
STEPS = 100  # of L-BFGS


def train(sources: pipeline.Sources, out: Path, knobs: Config, name: str) -> card.Card:
    """Fit, export, measure on Tune, seal. Raises BadData."""
    gathered = pipeline.load_data(sources, knobs)
    out.mkdir(parents=True, exist_ok=True)
    weights, bias = fit(gathered.train, knobs.votes_share)
    heat = temperature(features(gathered.tune.pixels) @ weights + bias, gathered.tune)
    weights, bias = weights / heat, bias / heat
    onnx.save(network(weights, bias), out / card.MODEL)
    k = len(knobs.emotions)
    knowledge: dict[str, Any] = {
        "snapshot": gathered.facts,
        "config": knobs.to_json(),
        "seeds": {"seed": knobs.seed},
        "packages": pipeline.package_versions(),
        "params": weights.size + k,
        "temperature": heat,
        "multiply_adds": 48 * 48 * 9 * ANGLES + weights.size,
    }
    card.write(out, name=name, emotions=knobs.emotions, **knowledge)
    p = predict(Predictor.load(out), gathered.tune)
    tune = metrics.figures(p, gathered.tune.labels, knobs.emotions)
    knowledge["metrics"] = {"tune": tune}
    return card.write(out, name=name, emotions=knobs.emotions, **knowledge)


def fit(rows: Rows, votes_share: float) -> tuple[Floats, Floats]:
    """Softmax regression on soft labels, each face by its weight: ([f, k], [k])."""
    x = features(rows.pixels)
    y = (1 - votes_share) * rows.targets[:, 0] + votes_share * rows.targets[:, 1]
    share = (rows.weights / rows.weights.sum())[:, None]
    shape = x.shape[1], y.shape[1]

    def loss(flat: Any) -> tuple[float, Any]:
        weights = flat[: shape[0] * shape[1]].reshape(shape).astype(np.float32)
        bias = flat[-shape[1] :].astype(np.float32)
        logs = log_softmax(x @ weights + bias, axis=1)
        error = (np.exp(logs) - y) * share
        slope = x.T @ error + RIDGE * weights
        value = -(share * y * logs).sum() + RIDGE / 2 * (weights**2).sum()
        return float(value), np.append(slope.ravel(), error.sum(0)).astype(np.float64)

    start = np.zeros(shape[0] * shape[1] + shape[1])
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}
    ).x.astype(np.float32)
    return found[: -shape[1]].reshape(shape), found[-shape[1] :]


def temperature(logits: Floats, tune: Rows) -> float:
    """By which logits [n, k] are divided so that they fit Tune's labels best."""
    if not len(tune):
        return 1.0

    def loss(heat: float) -> float:
        logs = log_softmax(logits / heat, axis=1)
        return -float(logs[np.arange(len(tune)), tune.labels].mean())

    found = minimize_scalar(loss, bounds=(0.1, 4.0), method="bounded")
    return round(float(found.x), 4)


def features(pixels: Bytes, *, batch: int = 256) -> Floats:
    """uint8 [n, 48, 48] -> float32 [n, CELLS * CELLS * ANGLES]."""
    session = open_session(_gradients_alone().SerializeToString())
    parts = [
        session.run(["hog"], {"face": pixels[i : i + batch, :, :, None].astype("f4")})[
            0
        ]
        for i in range(0, len(pixels), batch)
    ]
    return np.concatenate(parts).reshape(len(pixels), -1)


def network(weights: Floats, bias: Floats) -> onnx.ModelProto:
    """By the contract of artefacts: face -> probabilities, and each cell's evidence."""
    k = len(bias)
    shape = (1, CELLS, CELLS, ANGLES, k)
    nodes, constants = _gradients()
    constants |= {"weights": weights.reshape(shape), "bias": bias}
    constants |= {
        "last": np.array([-1]),
        "angle": np.array([3]),
        "cells": np.array([1, 2]),
    }
    nodes += [
        helper.make_node("Unsqueeze", ["hog", "last"], ["wide"]),
        helper.make_node("Mul", ["wide", "weights"], ["product"]),
        helper.make_node("ReduceSum", ["product", "angle"], ["evidence"], keepdims=0),
        helper.make_node("ReduceSum", ["evidence", "cells"], ["sum"], keepdims=0),
        helper.make_node("Add", ["sum", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    outputs = {"probabilities": ["n", k], "evidence": ["n", CELLS, CELLS, k]}
    return _model(nodes, constants, outputs)


def _gradients_alone() -> onnx.ModelProto:
    return _model(*_gradients(), {"hog": ["n", CELLS, CELLS, ANGLES]})


def _gradients() -> tuple[list[Any], dict[str, Any]]:
    """face -> hog [n, CELLS, CELLS, ANGLES]: how much of each cell's slope of light
    points each way, each cell's histogram at length 1, and so whatever the light."""
    turns = np.arange(ANGLES) * 2 * np.pi / ANGLES
    y, x = np.mgrid[-1:2, -1:2]
    smooth = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]])
    filters = [(np.cos(t) * x + np.sin(t) * y) * smooth for t in turns]
    constants: dict[str, Any] = {
        "filters": np.array(filters, np.float32)[:, None] / 8,
        "little": np.array(4.0, np.float32),
        "channels": np.array([3]),
    }
    pool: dict[str, Any] = {"kernel_shape": [CELL, CELL], "strides": [CELL, CELL]}
    nodes = [
        helper.make_node("Transpose", ["face"], ["grey"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["grey", "filters"], ["slopes"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["slopes"], ["ways"]),
        helper.make_node("AveragePool", ["ways"], ["pooled"], **pool),
        helper.make_node("Transpose", ["pooled"], ["raw"], perm=[0, 2, 3, 1]),
        helper.make_node("ReduceL2", ["raw", "channels"], ["length"], keepdims=1),
        helper.make_node("Add", ["length", "little"], ["more"]),
        helper.make_node("Div", ["raw", "more"], ["hog"]),
    ]
    return nodes, constants


def _model(
    nodes: list[Any], constants: dict[str, Any], outputs: dict[str, Any]
) -> onnx.ModelProto:
    def declared(name: str, shape: list[Any]) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        nodes,
        "hog",
        [declared("face", ["n", 48, 48, 1])],
        [declared(name, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 10
    return model


def main(argv: list[str]) -> int:
    if argv[:1] != ["train"]:
        return ml.main(argv)
    parser = argparse.ArgumentParser(prog="python -m tests.experiments.hog_model train")
    command.add_arguments(parser)
    args = parser.parse_args(argv[1:])
    known = dict(config.parse_knob(knob) for knob in args.set)
    if args.seed is not None:
        known["seed"] = args.seed
    sources = pipeline.Sources(args.data, args.fer2013, args.ferplus, cache=args.cache)
    knobs = config.preset(args.preset, **{**known, "network": "hog"})
    made = train(sources, args.out, knobs, args.name or args.out.name)
    done = Done(folder=str(args.out), metrics=made.metrics_json())
    print(done.to_line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
