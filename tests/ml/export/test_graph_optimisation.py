"""A repaired graph says the same to the bit, whatever computes it."""

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import version_converter
from onnx.reference import ReferenceEvaluator

from ml.config import preset
from ml.export import graph_optimisation, onnx_export
from ml.training import networks
from tests.support import training_data

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A quantized network, its last convolution with many maps, before and after."""
    folder = tmp_path_factory.mktemp("graphs")
    before, after = folder / "before.onnx", folder / "after.onnx"
    network = networks.vgg([8, graph_optimisation.MANY_MAPS], depth=1)(
        7, heads=2, dropout=0.0, weights="none"
    )
    onnx_export.to_onnx(
        onnx_export.serving_model(network, preset("full")), folder / "float32.onnx"
    )
    faces = training_data.faces(60)[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph_optimisation, "optimise", lambda path: None)
        onnx_export.to_int8(folder / "float32.onnx", before, faces)
    shutil.copy(before, after)
    graph_optimisation.optimise(after)
    return before, after


def weights_of_convolutions(path: Path) -> list[tuple[tuple[int, ...], set[int]]]:
    """Shape and zero points of each convolution's int8 weights, in order."""
    graph = graph_optimisation.Graph(onnx.load(path).graph)
    found = []
    for node in graph.graph.node:
        if node.op_type == "Conv" and node.input[1] in graph.producers:
            weights, _scale, zero = graph.producers[node.input[1]].input
            found.append(
                (graph.constant(weights).shape, set(graph.constant(zero).tolist()))
            )
    return found


def test_wide_layers_are_not_symmetric_and_the_first_stays_as_it_was(graphs) -> None:
    before, after = graphs
    wide, last = (128, 8, 3, 3), (14, 128, 1, 1)
    assert weights_of_convolutions(before) == [(wide, {0}), (last, {0})]
    assert weights_of_convolutions(after) == [(wide, {-1}), (last, {0})]


def test_the_answers_are_the_same_by_the_standards_own_reference(graphs) -> None:
    faces = training_data.faces(4)[0][..., None].astype(np.float32)
    there, here = (
        ReferenceEvaluator(version_converter.convert_version(onnx.load(path), 21)).run(
            None, {"face": faces}
        )
        for path in graphs
    )
    for one, other in zip(there, here, strict=True):
        np.testing.assert_array_equal(one, other)


def test_onnx_runtime_gives_the_same_answers(graphs) -> None:
    faces = training_data.faces(60)[0]
    there, here = (onnx_export.predict(path, faces) for path in graphs)
    # A processor without VNNI saturates sums, in one kernel other than in another.
    np.testing.assert_allclose(there.evidence, here.evidence, atol=0.02)
    for answer, p in there.answers.items():
        np.testing.assert_allclose(p, here.answers[answer], atol=0.02)


def test_a_second_repair_changes_nothing(graphs, tmp_path: Path) -> None:
    again = tmp_path / "again.onnx"
    shutil.copy(graphs[1], again)
    graph_optimisation.optimise(again)
    assert again.read_bytes() == graphs[1].read_bytes()


def test_depthwise_convolutions_are_left_alone(tmp_path: Path) -> None:
    network = networks.build("mini-xception", 7)
    config = preset("full", heads=1, mirror=False, size=48)
    onnx_export.to_onnx(
        onnx_export.serving_model(network, config), tmp_path / "float32.onnx"
    )
    faces = training_data.faces(4)[0]
    onnx_export.to_int8(tmp_path / "float32.onnx", tmp_path / "int8.onnx", faces)
    found = weights_of_convolutions(tmp_path / "int8.onnx")
    deep = [zero for shape, zero in found if shape[1] == 1]
    assert deep == [{0}] * 8
    said = onnx_export.predict(tmp_path / "int8.onnx", training_data.faces(4)[0])
    assert np.isfinite(said.probabilities).all()
