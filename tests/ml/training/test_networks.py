"""Networks by name: shapes, the served graph, and parity of its forms."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from scipy.special import softmax

from ml import __main__ as ml
from ml import config
from ml.config import preset
from ml.data.arrays import Bytes, Rows
from ml.errors import BadInput
from ml.export import calibration, multi_view, onnx_export
from ml.training import networks, training_loop
from tests.support import training_data
from webapp.forms import training as training_form

pytestmark = pytest.mark.slow


def test_whoever_chooses_a_network_is_offered_these() -> None:
    assert set(config.NETWORKS) == set(networks.NAMES)
    assert set(training_form.NETWORKS) == set(networks.NAMES)


@pytest.mark.parametrize("name", networks.NAMES)
def test_every_network_gives_logits_for_each_head(name: str) -> None:
    if name in ("mobilenetv2-160", "mobilenetv2-224"):
        pytest.skip("as mobilenetv2-96, only larger")
    network = networks.build(name, 5, heads=2, dropout=0.1)
    assert network.output_shape == (None, 2, 5)


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(BadInput, match="no network 'vgg-99'"):
        networks.build("vgg-99", 7)
    with pytest.raises(BadInput, match="none or imagenet"):
        networks.build("mobilenetv2-96", 7, weights="places")


@pytest.mark.parametrize("name", ["vgg-tiny", "resnet-lean", "mobilenetv2-96"])
def test_in_another_precision_a_network_says_the_same(name: str) -> None:
    network = networks.build(name, 7, heads=2, dropout=0.1)
    twin = networks.with_dtype_policy(network, "mixed_bfloat16")
    faces = training_data.faces(16)[0]
    logits, other = (training_loop.predict_logits(n, faces) for n in (network, twin))
    assert {v.dtype for v in twin.weights} == {"float32"}
    assert "bfloat16" in {layer.compute_dtype for layer in twin.layers}
    # Steps of bfloat16 are relative (2^-8): an untrained network's logits may be 50.
    np.testing.assert_allclose(other, logits, atol=0.1 * np.abs(logits).max())


def test_what_is_saved_of_a_trained_network_is_its_weights_alone(
    tmp_path: Path,
) -> None:
    config = preset("quick", network="vgg-tiny")
    trained = training_loop.compile_network(config, None)
    trained.save(tmp_path / "with-optimizer.keras")
    networks.with_dtype_policy(trained, "float32").save(tmp_path / "model.keras")
    size, other = (
        (tmp_path / name).stat().st_size
        for name in ("model.keras", "with-optimizer.keras")
    )
    assert size < 0.7 * other
    saved = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    for one, another in zip(saved.get_weights(), trained.get_weights(), strict=True):
        np.testing.assert_array_equal(one, another)


@pytest.mark.parametrize("name", ["resnet-lean", "mobilenetv2-96", "relu-cnn"])
def test_outside_mixed_precision_every_layer_computes_in_float32(name: str) -> None:
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        mixed = networks.build(name, 7, heads=2, dropout=0.1)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    whole = networks.with_dtype_policy(mixed, "float32")
    layers = list(whole._flatten_layers(include_self=False))
    assert len(layers) >= len(whole.layers)
    assert {layer.compute_dtype for layer in layers} == {"float32"}
    for one, other in zip(mixed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """Two heads on random weights."""
    network = networks.build("vgg-tiny", 7, heads=2)
    random = np.random.default_rng(0)
    for variable in network.trainable_variables:
        noise = random.normal(0, 0.2, variable.shape)
        variable.assign(np.asarray(variable) + noise)
    return network


@pytest.fixture(scope="module")
def artefact(network, tmp_path_factory: pytest.TempPathFactory):
    """It as Keras, ONNX float32 and int8, and 200 faces."""
    folder = tmp_path_factory.mktemp("export")
    config = preset("full", network="vgg-tiny")
    model = onnx_export.serving_model(network, config, {"mix": 1.3, "raters": 0.7})
    onnx_export.to_onnx(model, folder / "f.onnx")
    pixels, _labels = training_data.faces(200)
    onnx_export.to_int8(folder / "f.onnx", folder / "q.onnx", pixels)
    return model, folder, pixels


def test_keras_and_onnx_agree_on_200_faces(artefact) -> None:
    model, folder, pixels = artefact
    said = model.predict_on_batch(pixels[..., None].astype(np.float32))
    found = onnx_export.predict(folder / "f.onnx", pixels)
    for expected, p in zip((said[0], *said[2:]), found.answers.values(), strict=True):
        assert np.abs(np.asarray(expected) - p).max() < 1e-4
        assert p.sum(1) == pytest.approx(np.ones(200), abs=1e-5)
    assert np.abs(np.asarray(said[1]) - found.evidence).max() < 1e-3
    assert found.evidence.shape == (200, 11, 11, 7)


def test_int8_agrees_with_float32(artefact) -> None:
    _model, folder, pixels = artefact
    said = onnx_export.predict(folder / "f.onnx", pixels).answers
    said8 = onnx_export.predict(folder / "q.onnx", pixels).answers
    for answer, p in said.items():
        assert np.abs(p - said8[answer]).max() < (0.1 if answer == "mix" else 0.15)
        assert (p.argmax(1) == said8[answer].argmax(1)).mean() > 0.9
    assert (folder / "q.onnx").stat().st_size < (folder / "f.onnx").stat().st_size


def said_by(network: keras.Model, pixels: Bytes, **knobs: Any) -> Any:
    """(probabilities, evidence) of the served form of a network."""
    config = preset("full", network="vgg-tiny", **knobs)
    served = onnx_export.serving_model(network, config)
    return served.predict_on_batch(pixels[..., None])[:2]


def test_a_face_and_its_mirror_image_get_the_same_answer(network) -> None:
    pixels = training_data.faces(5)[0].astype(np.float32)
    p, evidence = said_by(network, pixels, wide=False)
    again, seen = said_by(network, pixels[:, :, ::-1], wide=False)
    assert np.abs(p - again).max() < 1e-4
    assert np.abs(evidence - seen[:, :, ::-1]).max() < 1e-3


@pytest.mark.parametrize(
    "looks",
    [{}, {"wide": False}, {"mirror": False}, {"mirror": False, "wide": False}],
)
def test_the_graph_looks_at_a_face_as_the_views_do(network, looks) -> None:
    pixels = training_data.faces(5)[0]
    config = preset("full", network="vgg-tiny", votes_share=0.0, **looks)
    seen = multi_view.views(pixels, config)
    assert len({view.tobytes() for view in seen}) == (1 if "mirror" in looks else 2)
    mean = np.mean(
        [training_loop.predict_logits(network, view)[:, 0] for view in seen], axis=0
    )
    p, _evidence = said_by(network, pixels.astype(np.float32), votes_share=0.0, **looks)
    np.testing.assert_allclose(p, softmax(mean, axis=-1), atol=0.02)  # views are uint8


def test_each_head_answers_at_its_own_temperature_and_the_mix_as_before(
    network, tmp_path: Path
) -> None:
    pixels = training_data.faces(5)[0].astype(np.float32)[..., None]
    config = preset("full", network="vgg-tiny", mirror=False, wide=False)
    heats = {"label": 2.0, "raters": 0.5}
    plain, served = (
        onnx_export.serving_model(network, config, temperatures)
        for temperatures in ({}, heats)
    )
    mix, _evidence, label, raters = served.predict_on_batch(pixels)
    logits = training_loop.predict_logits(network, pixels[:, 2:-2, 2:-2, 0])
    np.testing.assert_allclose(label, softmax(logits[:, 0] / 2, axis=-1), atol=1e-4)
    np.testing.assert_allclose(raters, softmax(logits[:, 1] * 2, axis=-1), atol=1e-4)
    np.testing.assert_array_equal(mix, plain.predict_on_batch(pixels)[0])


def test_with_one_head_all_answers_are_the_same(tmp_path: Path) -> None:
    config = preset("full", network="vgg-tiny", heads=1)
    network = networks.build("vgg-tiny", 6, heads=1)
    model = onnx_export.serving_model(network, config, {"mix": 1.3})
    onnx_export.to_onnx(model, tmp_path / "f.onnx")
    said = onnx_export.predict(tmp_path / "f.onnx", training_data.faces(3)[0]).answers
    assert list(said) == ["mix", "label", "raters"]
    for p in said.values():
        np.testing.assert_array_equal(p, said["mix"])


def test_one_face_at_a_time_is_the_same_as_many(artefact) -> None:
    _model, folder, pixels = artefact
    many, single = (
        onnx_export.predict(folder / "q.onnx", pixels[:8], batch=batch).probabilities
        for batch in (8, 1)
    )
    assert np.abs(many - single).max() < 1e-4


def test_multiply_adds_are_counted_for_both_images(artefact) -> None:
    _model, folder, _pixels = artefact
    # 3x3 convolutions at 44, 22 and 11 px, and the 1x1 to two heads of seven
    once = 9 * (44**2 * 8 + 22**2 * 8 * 16 + 11**2 * 16 * 32) + 11**2 * 32 * 14
    once += 48 * 44  # the matrix that shrinks the first look, counted as a dense layer
    assert onnx_export.multiply_adds(folder / "f.onnx", mirror=True) == 2 * once


def test_the_temperature_makes_answers_honest() -> None:
    random = np.random.default_rng(0)
    truth = random.dirichlet(np.ones(7), 4000)
    labels = np.array([random.choice(7, p=row) for row in truth])
    sharp = truth**2 / (truth**2).sum(1, keepdims=True)
    found = calibration.best_temperature(sharp.astype(np.float32), labels)
    assert found == pytest.approx(2, abs=0.1)


def test_each_answer_is_calibrated_by_the_truth_that_it_learned() -> None:
    """Labels and raters disagree: who is right with one is wrong with the other."""
    pixels, labels = training_data.faces(200)
    hard = np.eye(7, dtype=np.float32)[labels]
    tune = Rows(
        *(pixels, np.stack([hard, hard], 1), np.ones(200, np.float32), labels),
        majority=(labels + 1) % 7,
        index=np.arange(200),
    )
    p = np.full((200, 7), 0.1, np.float32)
    p[np.arange(200), labels] = 0.4
    heats = [calibration.tune_temperature(p, tune, a) for a in ("label", "raters")]
    assert heats[0] < 1 < heats[1]
    found = [calibration.tune_threshold(p, tune, a) for a in ("label", "raters")]
    assert found[0] < 0.4 <= found[1]


def test_the_certainty_threshold_is_where_it_is_wrong_as_often_as_right() -> None:
    sure = np.linspace(0.2, 1, 801)
    p = np.stack([sure, 1 - sure], 1).astype(np.float32)
    p[sure < 0.5] = p[sure < 0.5][:, ::-1]
    labels = (np.arange(801) % 2) * (sure < 0.75)
    found = calibration.certainty_threshold(p, labels.astype(np.int64))
    assert 0.25 <= found <= 0.6


def test_the_bench_ranks_networks_and_marks_what_could_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    from ml.training import baselines

    def offline(*_args: object, **_more: object) -> None:
        raise Exception("no such host")  # as Keras raises it

    monkeypatch.setattr(baselines.keras.applications, "MobileNetV2", offline)
    csv = training_data.fer2013(tmp_path / "fer2013.csv", train=280)
    arguments = ["bench-networks", "--networks", "vgg-tiny,mobilenetv2-96", "--quick"]
    out = ["--out", str(tmp_path / "out"), "--fer2013", str(csv)]
    assert ml.main([*arguments, *out]) == 0
    said = capsys.readouterr().out
    assert "vgg-tiny" in said
    assert "not run: the ImageNet weights could not be downloaded" in said
    assert "<svg" in (tmp_path / "out" / "networks.html").read_text()
    assert ml.main(["bench-networks", "--networks", "x", *out]) == 3
