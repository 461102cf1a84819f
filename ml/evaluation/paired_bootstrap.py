"""The paired bootstrap: how far each difference between two models may be chance.

A resample draws as many faces as the exam has, each with both answers to it; every
difference is read from the same 10,000 seeded resamples, so they fit together. Faces
alike in label, raters' majority, slice and both answers are one *kind*, and to draw
faces is to draw how many there are of each: a multinomial draw.
"""

import numpy as np
import numpy.typing as npt

from ml.artefact.figures import Interval
from ml.data.arrays import Ints, Mask

Floats = npt.NDArray[np.float64]

RESAMPLES = 10_000


class Resamples:
    """Of faces [n] with their label, majority (-1: unknown), number of the slice, and
    the answers of champion and challenger, each int64 [n]. Its differences are
    challenger minus champion, rounded to four digits."""

    def __init__(
        self,
        label: Ints,
        majority: Ints,
        part: Ints,
        champion: Ints,
        challenger: Ints,
        *,
        seed: int = 0,
    ) -> None:
        faces = np.stack([label, majority, part, champion, challenger])
        kinds, seen = np.unique(faces, axis=1, return_counts=True)
        self.label, self.majority, self.part, self.champion, self.challenger = kinds
        random, n = np.random.default_rng(seed), len(label)
        counts = random.multinomial(n, seen / n, RESAMPLES) if n else seen[None]
        # The exam itself is the first row, so that a figure is written down once.
        self.counts: Floats = np.vstack([seen, counts]).astype(np.float64)

    def accuracy(self, truth: Ints, where: Mask) -> Interval | None:
        """Of the share of right answers to the kinds `where`; None without any."""
        gain = (self.challenger == truth).astype(float) - (self.champion == truth)
        with np.errstate(invalid="ignore"):
            shares = self.counts @ (gain * where) / (self.counts @ where)
        return self._interval(shares, where)

    def macro_f1(self, classes: int) -> Interval | None:
        """Of the mean of the classes' F1."""
        shares = self._f1(self.challenger, classes) - self._f1(self.champion, classes)
        return self._interval(shares, np.ones(len(self.label), bool))

    def _f1(self, predicted: Ints, classes: int) -> Floats:
        labels, answers = np.eye(classes)[self.label], np.eye(classes)[predicted]
        with np.errstate(invalid="ignore"):
            f1 = (
                2
                * self.counts
                @ (labels * answers)
                / (self.counts @ (labels + answers))
            )
        return np.asarray(np.nanmean(f1, axis=1))

    def _interval(self, shares: Floats, where: Mask) -> Interval | None:
        """A resample without any such face says nothing about them."""
        n = int(self.counts[0] @ where)
        if not n:
            return None
        low, high = np.nanpercentile(shares[1:], [2.5, 97.5])
        value, low, high = (round(float(end), 4) for end in (shares[0], low, high))
        return Interval(value=value, low=low, high=high, n=n)
