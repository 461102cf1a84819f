"""How sure to sound: the temperature of the probabilities, and when to say "hard to
say". Both are chosen on Tune."""

import numpy as np
from scipy.optimize import minimize_scalar

from ml.data.arrays import Floats, Ints, Rows

# Of so few faces a temperature, a threshold or an int8 range would be noise.
ENOUGH = 50
UNMEASURED_THRESHOLD = 0.45


def best_temperature(p: Floats, labels: Ints) -> float:
    """Temperature scaling (Guo et al. 2017): the one at which probabilities float32
    [n, k] fit the labels int64 [n] best, by log loss; between 0.3 and 4."""
    logs = np.log(np.maximum(p, 1e-7))

    def loss(temperature: float) -> float:
        scaled = logs / temperature
        top = scaled.max(1, keepdims=True)
        norm = top[:, 0] + np.log(np.exp(scaled - top).sum(1))
        return float((norm - scaled[np.arange(len(labels)), labels]).mean())

    found = minimize_scalar(loss, bounds=(0.3, 4.0), method="bounded")
    return round(float(found.x), 4)


def tune_threshold(p: Floats, tune: Rows) -> float:
    """`certainty_threshold` of probabilities float32 [n, k] for the rows of Tune.

    By the raters' majority where votes are at hand: a better truth than labels that
    disagree with it on a third of the faces.
    """
    if len(tune) < ENOUGH:
        return UNMEASURED_THRESHOLD
    clear = tune.majority >= 0
    if clear.sum() >= ENOUGH:
        return certainty_threshold(p[clear], tune.majority[clear])
    return certainty_threshold(p, tune.labels)


def certainty_threshold(p: Floats, labels: Ints, *, groups: int = 20) -> float:
    """The winner's probability up to which it is wrong as often as right: there the
    honest answer is "hard to say". p float32 [n, k], labels int64 [n]. Faces are taken
    in groups of similar probability; the result lies between 0.25 and 0.6."""
    certainty, right = p.max(1), p.argmax(1) == labels
    threshold = 0.25
    for group in np.array_split(np.argsort(certainty), groups):
        if len(group) and right[group].mean() < 0.5:
            threshold = float(certainty[group].max())
    return round(min(max(threshold, 0.25), 0.6), 3)
