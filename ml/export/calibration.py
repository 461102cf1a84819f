"""How sure to sound: the temperature of the probabilities, and when to say "hard to
say". Both are chosen on Tune."""

import numpy as np
from scipy.optimize import minimize_scalar

from ml.artefact.answers import Answer
from ml.data.arrays import Floats, Ints, Mask, Rows

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


def tune_temperature(p: Floats, tune: Rows, answer: Answer) -> float:
    """`best_temperature` of one answer's probabilities float32 [n, k] for the rows of
    Tune: the raters' by their majority, the others by the labels."""
    if len(tune) < ENOUGH:
        return 1.0
    where, truth = _truth(tune, by_raters=answer == "raters")
    return best_temperature(p[where], truth)


def tune_threshold(p: Floats, tune: Rows, answer: Answer) -> float:
    """`certainty_threshold` of one answer's probabilities float32 [n, k] for the rows
    of Tune: the label's by the labels, the others by the raters' majority, a better
    truth than labels that disagree with it on a third of the faces."""
    if len(tune) < ENOUGH:
        return UNMEASURED_THRESHOLD
    where, truth = _truth(tune, by_raters=answer != "label")
    return certainty_threshold(p[where], truth)


def _truth(tune: Rows, *, by_raters: bool) -> tuple[Mask, Ints]:
    """(which rows [n], what is right for each of them): all and their labels, unless
    the raters are asked and there are enough whose majority is known."""
    clear = tune.majority >= 0
    if by_raters and clear.sum() >= ENOUGH:
        return clear, tune.majority[clear]
    return np.ones(len(tune), bool), tune.labels


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
