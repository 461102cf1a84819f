"""Branches beside each convolution, and the one convolution that they fold into."""

from pathlib import Path

import keras
import numpy as np
import pytest

from ml.config import preset
from ml.training import networks, pipeline, reparameterisation, training_loop
from tests.support import training_data

pytestmark = pytest.mark.slow


def trained(plain: keras.Model) -> keras.Model:
    """Its wider form, all weights stirred and the statistics of batch normalisation
    measured anew."""
    wider = reparameterisation.expand(plain)
    random = np.random.default_rng(0)
    for variable in wider.trainable_variables:
        noise = random.normal(0, 0.05, variable.shape)
        variable.assign(keras.ops.convert_to_numpy(variable.value) + noise)
    for _ in range(10):
        wider(training_data.faces(32)[0][..., None].astype(np.float32), training=True)
    return wider


def test_added_branches_change_no_answer() -> None:
    plain = networks.build("vgg-tiny", 7, heads=2, dropout=0.1)
    wider = reparameterisation.expand(plain)
    faces = training_data.faces(16)[0]
    said, before = (training_loop.predict_logits(n, faces) for n in (wider, plain))
    np.testing.assert_allclose(said, before, atol=1e-5)
    assert wider.count_params() > plain.count_params()


def test_the_folded_network_answers_as_the_wider_one() -> None:
    make = networks.resnet([8, 16, 24], blocks=1)  # with paths that are not widened
    plain = make(7, heads=2, dropout=0.0, weights="none")
    wider = trained(plain)
    faces = training_data.faces(16)[0]
    said = training_loop.predict_logits(wider, faces)
    assert np.abs(training_loop.predict_logits(plain, faces) - said).max() > 0.01
    reparameterisation.fold(wider, plain, faces)
    np.testing.assert_allclose(
        training_loop.predict_logits(plain, faces), said, atol=1e-4
    )


def test_a_folded_network_goes_on_from_its_own_statistics() -> None:
    plain = networks.build("vgg-tiny", 7, heads=2)
    faces = training_data.faces(64)[0]
    reparameterisation.fold(trained(plain), plain, faces)
    served = training_loop.predict_logits(plain, faces)
    going_on = plain(faces[..., None].astype(np.float32), training=True)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(going_on), served, atol=1e-3)


def test_a_training_with_branches_gives_the_plain_network(tmp_path: Path) -> None:
    csv = training_data.fer2013(tmp_path / "fer2013.csv", train=280)
    config = preset("full", network="vgg-tiny", branches=True, epochs=1)
    data = pipeline.load_data(pipeline.Sources(csv), config)
    network, history = training_loop.train(
        config, data.train, data.tune, tmp_path, on_event=lambda _event: None
    )
    plain = networks.build("vgg-tiny", 7, heads=2)
    assert network.count_params() == plain.count_params()
    assert len(history) == 1
