"""How much a face counts and what it is said to show: pure arithmetic.

Nothing here trusts one person far: a giver's share is capped, a label is spread over
what giver, voters and reviewer said, and a poor record lowers the weight.
"""

from collections.abc import Iterable, Mapping

from labeling.voting import vote_weights
from ml.emotions import EMOTIONS

REVIEWER_VOTES = 3.0  # what a reviewer's decision counts for; he saw the label
GIVER_VOTES = 1.0
LEAD = 0.5  # votes that a decision stays ahead of whatever voters say
RECORD_PRIOR = 4.0  # agreed faces that a new giver is credited with


def soft_label(giver: str, reviewer: str, votes: Mapping[str, float]) -> list[float]:
    """Seven probabilities, in FER-2013's order, rounded so that they hash alike.

    What was decided stays the largest, however many vote otherwise, then or later.
    """
    counted = dict.fromkeys(EMOTIONS, 0.0)
    counted[giver] += GIVER_VOTES
    counted[reviewer] += REVIEWER_VOTES
    heard = _heard(counted, reviewer, votes)
    for emotion in EMOTIONS:
        counted[emotion] += heard * votes.get(emotion, 0)
    whole = sum(counted.values())
    return [round(value / whole, 6) for value in counted.values()]


def _heard(
    counted: Mapping[str, float], decided: str, votes: Mapping[str, float]
) -> float:
    """0 to 1: the share of the votes that leaves what was decided ahead."""
    heard = 1.0
    for emotion in EMOTIONS:
        gain = votes.get(emotion, 0) - votes.get(decided, 0)
        if gain > 0:
            room = counted[decided] - counted[emotion] - LEAD
            heard = min(heard, room / gain)
    return heard


def clarity(votes: Mapping[str, float]) -> float:
    """1 down to 0.5: how few of the voters found the expression unclear.

    It takes accounts that agree to halve what a face counts, not one device.
    """
    whole = max(sum(votes.values()), vote_weights.AGREED)
    unclear = sum(count for choice, count in votes.items() if choice not in EMOTIONS)
    return 1 - 0.5 * unclear / whole


def record(agreed: int, decided: int, *, least: float) -> float:
    """A giver's record: the share of gifts that reviewers left as they were given.

    Worth 1 to begin with, and never less than `least`: what was accepted was looked
    at by a reviewer too.
    """
    share = (agreed + RECORD_PRIOR) / (decided + RECORD_PRIOR)
    return max(least, share)


def cap(counts: Iterable[tuple[int, int]], *, least: int, share: float) -> float:
    """How many faces one giver may count for.

    `counts`: (faces, givers with so many). The cap c is the greatest with
    c = max(least, share x what all givers count for under c), so that flooding raises
    nobody's cap but through the faces that count.
    """
    groups = list(counts)
    c = max(float(least), share * sum(faces * givers for faces, givers in groups))
    while True:
        counted = sum(min(faces, c) * givers for faces, givers in groups)
        lower = max(float(least), share * counted)
        if lower >= c - 1e-9:
            return c
        c = lower


def cap_factor(own: int, cap: float, own_in_class: int, cap_in_class: float) -> float:
    """What scales each face of a giver so that together they keep to both caps."""
    return min(1.0, cap / own, cap_in_class / own_in_class)
