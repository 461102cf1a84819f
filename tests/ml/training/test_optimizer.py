"""The loss: cross-entropy, and the logit-adjusted one for rare emotions."""

import keras
import numpy as np
import pytest

from ml.config import preset
from ml.training import networks, optimizer

LABELS = np.array([0] * 6 + [3] * 2)  # of seven emotions


def test_without_the_knob_nothing_is_added() -> None:
    assert optimizer.rarity_offsets(LABELS, preset("full")) is None


@pytest.mark.parametrize("heads", [1, 2])
def test_only_the_label_head_is_told_how_rare_an_emotion_is(heads: int) -> None:
    config = preset("full", logit_adjustment=0.5, heads=heads)
    offsets = optimizer.rarity_offsets(LABELS, config)
    assert offsets is not None and offsets.shape == (heads, 7)
    np.testing.assert_allclose(offsets[0, [0, 3]], 0.5 * np.log([0.75, 0.25]))
    assert np.isfinite(offsets).all(), "an emotion without a face, too"
    assert not offsets[1:].any()


def test_what_the_loss_adds_a_network_need_not_say() -> None:
    """A network that says nothing of rare and frequent has the loss of one that does
    without the adjustment."""
    config = preset("full", network="vgg-tiny", logit_adjustment=1.0)
    offsets = optimizer.rarity_offsets(LABELS, config)
    assert offsets is not None
    network = networks.build("vgg-tiny", 7, heads=2)
    optimizer.compile_model(network, config, offsets)
    targets = np.random.default_rng(1).dirichlet(np.ones(7), (4, 2)).astype(np.float32)
    logits = np.random.default_rng(2).normal(size=(4, 2, 7)).astype(np.float32)
    plain = keras.losses.CategoricalCrossentropy(from_logits=True)
    assert float(network.loss(targets, logits - offsets)) == pytest.approx(
        float(plain(targets, logits)), rel=1e-5
    )


def test_the_loss_is_saved_and_read_again() -> None:
    loss = optimizer.LogitAdjusted([[0.0, -1.0], [0.0, 0.0]])
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert isinstance(again, optimizer.LogitAdjusted)
    np.testing.assert_array_equal(again.offsets, loss.offsets)
