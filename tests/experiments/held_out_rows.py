"""FER-2013's rows that a crowd gives: kept from the model it begins with."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.artefact import card
from ml.config import Config, from_json
from ml.data import arrays, fer2013, splits
from ml.data.arrays import Fer2013
from ml.emotions import EMOTIONS

ALIKE = 0.95  # correlation of two thumbnails from which they count as copies


@dataclass(frozen=True)
class Stock:
    """The rows kept from the base model."""

    pixels: NDArray[np.uint8]  # [n, 48, 48]
    labels: list[str]


def drawn(data: Fer2013, *, share: float, seed: int) -> list[int]:
    """A share of FER-2013's Training rows."""
    rows = np.flatnonzero(data.usage == arrays.TRAINING)
    dice = np.random.default_rng(seed)
    return [int(row) for row in dice.permutation(rows)[: int(share * len(rows))]]


def drawn_from_tune(
    data: Fer2013, champion: Path, *, count: int, seed: int
) -> list[int]:
    """At most so many of the rows that the champion has not learned from."""
    every = from_json(dict(card.read(champion).config)).tune_every
    _train, tune, _counts = splits.split_rows(data, None, Config(tune_every=every))
    dice = np.random.default_rng(seed)
    return [int(row) for row in dice.permutation(tune.index)[:count]]


def write_without(data: Fer2013, kept: list[int], target: Path) -> None:
    """FER-2013 with these rows blanked, as cleaning drops blank ones: the other rows
    keep their places."""
    pixels = data.pixels.copy()
    pixels[kept] = 0
    usages = {number: name.decode() for name, number in fer2013.USAGES.items()}
    with target.open("w") as file:
        file.write("emotion,pixels,Usage\n")
        for face, label, usage in zip(pixels, data.labels, data.usage, strict=True):
            line = " ".join(map(str, face.ravel()))
            file.write(f"{label},{line},{usages[int(usage)]}\n")


def stock(data: Fer2013, rows: list[int]) -> Stock:
    labels = [EMOTIONS[int(data.labels[row])] for row in rows]
    return Stock(data.pixels[rows], labels)


def without_copies(data: Fer2013, rows: list[int]) -> list[int]:
    """Those that look like no test face and like none before them, mirrored or not.

    The product's own search for copies takes 0.15 s a face; here a thumbnail decides
    once, and the worlds do without that search.
    """
    own = _thumbnails(data.pixels[rows])
    tests = _thumbnails(data.pixels[data.usage != arrays.TRAINING])
    alike = np.zeros(len(rows), bool)
    for view in (own, own.reshape(-1, 8, 8)[:, :, ::-1].reshape(-1, 64)):
        alike |= (view @ tests.T).max(1, initial=-1) > ALIKE
        alike |= np.tril(view @ own.T > ALIKE, -1).any(1)
    return [row for row, is_copy in zip(rows, alike, strict=True) if not is_copy]


def _thumbnails(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """float32 [n, 64], each at mean 0 and length 1: products are correlations."""
    cells = pixels.reshape(-1, 8, 6, 8, 6).mean((2, 4)).reshape(-1, 64)
    cells = cells - cells.mean(1, keepdims=True)
    length = np.linalg.norm(cells, axis=1, keepdims=True)
    return np.asarray(cells / np.maximum(length, 1e-6), np.float32)
