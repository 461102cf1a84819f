"""Made-up sessions for both languages: two faces that cross, a third that comes and
goes, faces missed for a while, flashes, single frames that mislead, and a camera that
pauses. Probabilities are rounded as the API rounds them, so that ties happen too."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.emotions import EMOTIONS

SECONDS = 12.0
Frame = tuple[float, list[dict[str, Any]]]  # seconds, faces


def made(seed: int) -> list[Frame]:
    random = np.random.default_rng(seed)
    times = _times(random)
    people = [_Person(random, place) for place in range(3)]
    return [
        (time, [face for person in people if (face := person.at(time))])
        for time in times
    ]


def _times(random: np.random.Generator) -> list[float]:
    """As a camera's, or as the live page's, which now and then has to wait."""
    usual, is_steady = random.choice([1 / 10, 1 / 15, 1 / 30]), random.random() < 0.5
    times, time = [], 0.0
    while time < SECONDS:
        times.append(float(time))
        step = usual if is_steady else usual * random.lognormal(0, 0.3)
        time += random.uniform(0.4, 2) if random.random() < 0.02 else step
    return times


class _Person:
    def __init__(self, random: np.random.Generator, place: int) -> None:
        self.random, self.place = random, place
        self.turn = random.uniform(3, 8)  # seconds there and back
        self.here = (0.0, SECONDS) if place < 2 else tuple(sorted(_some(random, 2)))
        self.missed = [(t, t + random.uniform(0.1, 1.6)) for t in _some(random, 3)]
        self.changes = [0.0, *sorted(_some(random, 4))]
        self.base = [int(i) for i in random.integers(0, len(EMOTIONS), 5)]
        self.flashes = [(t, t + random.uniform(0.05, 0.6)) for t in _some(random, 5)]
        self.flash = int(random.integers(0, len(EMOTIONS)))

    def at(self, time: float) -> dict[str, Any] | None:
        is_missed = any(start <= time < end for start, end in self.missed)
        if is_missed or not self.here[0] <= time < self.here[1]:
            return None
        swing = (-1) ** self.place * np.cos(2 * np.pi * time / self.turn)
        x = 300 + (200 * swing if self.place < 2 else 0)
        box = [x, 100.0 + 15 * self.place, 90.0 - 10 * self.place, 110.0]
        shaken = np.add(box, self.random.normal(0, 3, 4))
        said = self._said(time)
        names = [str(emotion) for emotion in EMOTIONS]
        return {
            "box": [round(float(side)) for side in shaken],
            "probabilities": dict(zip(names, said, strict=True)),
        }

    def _said(self, time: float) -> list[float]:
        shown = self.base[sum(time >= change for change in self.changes) - 1]
        if any(start <= time < end for start, end in self.flashes):
            shown = self.flash
        if self.random.random() < 0.05:
            shown = int(self.random.integers(0, len(EMOTIONS)))
        weights = np.ones(len(EMOTIONS))
        weights[shown] += 8
        return [round(float(p), 4) for p in self.random.dirichlet(weights)]


def _some(random: np.random.Generator, count: int) -> NDArray[np.float64]:
    return random.uniform(0, SECONDS, count)
