"""Faces as they come to a network in training."""

from typing import Any

import numpy as np

from ml.config import Config
from ml.data.arrays import Rows
from ml.training import augmentation

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
