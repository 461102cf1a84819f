"""Figures of a classifier from its probabilities and the truth. Pure functions.

`p` is [n, k], each row summing to 1; `truth` int [n], 0 to k-1; a `table` int64 [k, k]
is the confusion matrix.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.artefact.figures import ReliabilityBin, Share, SplitFigures

Probabilities = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.integer[Any]]
Mask = npt.NDArray[np.bool_]

Z = 1.959963984540054  # of the normal distribution, for 95 % intervals


def confusion(truth: Ints, predicted: Ints, classes: int) -> npt.NDArray[np.int64]:
    """[k, k] counts: row the truth, column what the model predicted."""
    return np.bincount(truth * classes + predicted, minlength=classes**2).reshape(
        classes, classes
    )


def recall(table: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """[k] of each class's faces, the share found; nan for a class without faces."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.diag(table) / table.sum(1))


def precision(table: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """[k] of the faces predicted so, the share that are; nan where none was."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.diag(table) / table.sum(0))


def f1(table: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """[k]; nan for a class that neither occurs nor was ever predicted."""
    total = table.sum(0) + table.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(2 * np.diag(table) / total)


def ece(p: Probabilities, truth: Ints, *, bins: int = 15) -> float:
    """Expected calibration error (Guo et al. 2017): how far the winner's probability
    lies from how often it is right, over `bins` equally wide bins, weighted by size."""
    if not len(truth):
        return float("nan")
    confidence, right = p.max(1), p.argmax(1) == truth
    where = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.abs(
        np.bincount(where, confidence, bins) - np.bincount(where, right, bins)
    )  # each bin's |confidence - accuracy| times its size
    return float(gaps.sum() / len(truth))


def reliability(
    p: Probabilities, truth: Ints, *, bins: int = 15
) -> list[ReliabilityBin]:
    """The bins of `ece` that hold faces: mean probability, accuracy and count."""
    confidence, right = p.max(1), p.argmax(1) == truth
    where = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        ReliabilityBin(
            confidence=float(confidence[where == b].mean()),
            accuracy=float(right[where == b].mean()),
            n=int((where == b).sum()),
        )
        for b in range(bins)
        if (where == b).any()
    ]


def top2(p: Probabilities, truth: Ints) -> float:
    """Share of n faces whose label is among the two likeliest of p [n, k]."""
    best = np.argsort(-p, axis=1)[:, :2]
    return float((best == truth[:, None]).any(1).mean())


def wilson(right: int, n: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); (0, 1) where nothing was measured.

    Written out, for web processes draw with it and scipy.stats would cost each 70 MB.
    """
    if not n:
        return 0.0, 1.0
    share, z2 = right / n, Z * Z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))


def figures(p: Probabilities, truth: Ints, names: Sequence[str]) -> SplitFigures:
    """How good p [n, k] is, rounded to four digits; `names` of the k classes."""
    table = confusion(truth, p.argmax(1), len(names))
    low, high = wilson(int(np.diag(table).sum()), len(truth))
    return SplitFigures(
        n=len(truth),
        accuracy=_round(float((p.argmax(1) == truth).mean())),
        accuracy_ci=(round(low, 4), round(high, 4)),
        top2=_round(top2(p, truth)),
        macro_f1=_round(float(np.nanmean(f1(table)))),
        ece=_round(ece(p, truth)),
        recall=_by_name(names, recall(table)),
        precision=_by_name(names, precision(table)),
        f1=_by_name(names, f1(table)),
        confusion=table.tolist(),
    )


def _by_name(
    names: Sequence[str], shares: npt.NDArray[np.float64]
) -> dict[str, float | None]:
    return {name: _round(share) for name, share in zip(names, shares, strict=True)}


def _round(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)


def share(right: Mask) -> Share:
    """Of n faces the share that is right, with Wilson's 95 % interval."""
    n = len(right)
    low, high = wilson(int(right.sum()), n)
    value = round(float(right.mean()), 4) if n else None
    return Share(value=value, low=round(low, 4), high=round(high, 4), n=n)
