"""Faces as they come to a network in training."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ml.config import Config
from ml.data.arrays import Rows
from ml.training import augmentation, degradation

SIDE = 44


def rows(n: int) -> Rows:
    """Black faces of the first class, then white ones of the second."""
    labels = np.arange(n) * 2 // n
    pixels = np.repeat(labels * 255, 48 * 48).reshape(n, 48, 48).astype(np.uint8)
    targets = np.eye(2, dtype=np.float32)[labels][:, None]
    ones = np.ones(n, np.float32)
    return Rows(pixels, targets, ones, labels, labels, labels)


def one_batch(**knobs: Any) -> augmentation.Batch:
    config = Config(batch=64, light=0, erase=0, **knobs)
    data = rows(64)
    batch = next(augmentation.batches(data, data.targets, config, 0, with_mixup=True))
    return batch


def test_cutmix_pastes_a_box_and_the_target_says_how_large() -> None:
    x, y, _weights = one_batch(cutmix=1)
    white = (x == 255).mean(axis=(1, 2, 3))
    assert np.isin(x, (0, 255)).all(), "pasted, not blended"
    assert np.allclose(white, y[:, 0, 1], atol=0.02)
    assert ((white > 0.02) & (white < 0.98)).sum() > 16


def test_mixup_blends_face_and_target_alike() -> None:
    x, y, _weights = one_batch(mixup=1)
    assert np.allclose(x.mean(axis=(1, 2, 3)) / 255, y[:, 0, 1], atol=0.01)


def test_the_same_epoch_gives_the_same_batch() -> None:
    first, again = one_batch(cutmix=0.5), one_batch(cutmix=0.5)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def faces_of_noise(n: int) -> Rows:
    plain = rows(n)
    pixels = np.random.default_rng(3).integers(0, 256, plain.pixels.shape, np.uint8)
    return replace(plain, pixels=pixels)


def unmoved(degrade: float) -> np.ndarray:
    """A batch of nothing but degradations, of the same face."""
    config = Config(
        batch=400, rotate=0, zoom=0, shift=0, light=0, erase=0, degrade=degrade
    )
    data = faces_of_noise(1)
    many = data.take(np.zeros(400, int))
    x, _y, _w = next(
        augmentation.batches(many, many.targets, config, 0, with_mixup=False)
    )
    return x[..., 0]


def test_degrade_is_the_share_of_faces_that_are_made_worse() -> None:
    plain = unmoved(0)[:1]
    as_they_were = [
        (x == plain).all(axis=(1, 2)) | (x == plain[:, :, ::-1]).all(axis=(1, 2))
        for x in (unmoved(0), unmoved(0.5), unmoved(1))
    ]
    assert as_they_were[0].all()
    assert 0.4 < as_they_were[1].mean() < 0.6
    assert not as_they_were[2].any()


def test_degraded_faces_stay_faces_of_the_same_size_and_greys() -> None:
    x = unmoved(1)
    assert x.dtype == np.float32
    assert x.shape == (400, SIDE, SIDE)
    assert x.min() >= 0
    assert x.max() <= 255


@pytest.mark.parametrize("damage", degradation.DAMAGES)
def test_each_damage_keeps_the_face_recognisable(damage: degradation.Damage) -> None:
    across, down = np.meshgrid(np.linspace(-2, 2, SIDE), np.linspace(-2, 2, SIDE))
    face = (128 + 90 * np.sin(2 * across) * np.cos(3 * down)).astype(np.float32)
    for seed in range(20):
        worse = damage(face, np.random.default_rng(seed))
        assert worse.shape == face.shape
        assert not np.array_equal(worse, face)
        assert np.corrcoef(np.clip(worse, 0, 255).ravel(), face.ravel())[0, 1] > 0.5
