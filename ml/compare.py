"""The gate: champion and challenger on the same faces, and which of them serves.

Pure functions over what the two said; nothing here reads a file or a clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from ml import metrics
from ml.dataset import Floats, Ints

FORMAT = 1
POLICIES = ("improves", "significant")

# A guard-rail vetoes only shown harm: one test a class, so .05 is shared among seven.
# A veto whenever an interval reaches below would stop nearly every equal challenger.
ALPHA = 0.05 / 7
LEAST_LOSS = 0.02  # and more than two faces
SIGNIFICANT = 0.05
MAX_BYTES = 8 * 2**20
MAX_MULTIPLY_ADDS = 1_000_000_000
RESAMPLES = 10_000


@dataclass(frozen=True)
class Side:
    """One of the two: its probabilities [n, k] on the exam, and what it costs."""

    name: str
    probabilities: Floats
    bytes: int = 0
    multiply_adds: int = 0
    ms: float = 0.0


@dataclass(frozen=True)
class Exam:
    """labels int64 [n]; majority int64 [n] of FER+, -1 where unknown; refs: n names of
    rows; slices: which part of the exam each row belongs to."""

    hash: str
    emotions: tuple[str, ...]
    labels: Ints
    majority: Ints
    refs: Sequence[str]
    slices: Sequence[str]


def mcnemar(first_only: int, second_only: int) -> float:
    """Two-sided exact p of McNemar's test: faces that only one of the two got right
    would fall to either like a fair coin, were the two equally good."""
    n = first_only + second_only
    return min(1.0, 2 * float(binom.cdf(min(first_only, second_only), n, 0.5)))


def harm(champion_only: int, challenger_only: int) -> float:
    """One-sided exact p that the challenger is no worse."""
    n = champion_only + challenger_only
    return float(binom.sf(champion_only - 1, n, 0.5)) if n else 1.0


def bootstrap(gained: int, lost: int, n: int, *, seed: int = 0) -> tuple[float, float]:
    """95 % interval of the difference in accuracy, from 10,000 seeded resamples of the
    faces. Drawing n faces with their two answers is a draw of how many are gained, lost
    and unchanged: a multinomial one, which is what is drawn."""
    if not n:
        return 0.0, 0.0
    shares = [gained / n, lost / n, 1 - (gained + lost) / n]
    drawn = np.random.default_rng(seed).multinomial(n, shares, RESAMPLES)
    low, high = np.percentile((drawn[:, 0] - drawn[:, 1]) / n, [2.5, 97.5])
    return float(low), float(high)


@dataclass(frozen=True)
class Guard:
    """A guard-rail: broken where harm is shown and large enough to matter."""

    name: str
    n: int
    loss: float  # share of its n faces that the challenger lost, net
    p: float
    broken: bool

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "n": self.n,
            "loss": round(self.loss, 4),
            "p": round(self.p, 5),
            "broken": self.broken,
        }


def guard(
    name: str, champion: npt.NDArray[np.bool_], challenger: npt.NDArray[np.bool_]
) -> Guard:
    """Guard-rail on faces of which each side was right (True) or wrong, [n]."""
    n = len(champion)
    lost = int((champion & ~challenger).sum())
    gained = int((challenger & ~champion).sum())
    p, loss = harm(lost, gained), (lost - gained) / n if n else 0.0
    broken = bool(n and p < ALPHA and loss > max(LEAST_LOSS, 2 / n))
    return Guard(name, n, loss, p, broken)


def ceiling(name: str, value: int, most: int) -> Guard:
    return Guard(name, value, 0.0, 1.0, value > most)


def guards(exam: Exam, champion: Side, challenger: Side) -> list[Guard]:
    """All guard-rails: each class, agreement with the raters, size and cost."""
    first = champion.probabilities.argmax(1)
    second = challenger.probabilities.argmax(1)
    found = []
    for i, emotion in enumerate(exam.emotions):
        here = exam.labels == i
        found.append(guard(f"recall:{emotion}", first[here] == i, second[here] == i))
    clear = exam.majority >= 0
    if clear.any():
        truth = exam.majority[clear]
        found.append(guard("ferplus", first[clear] == truth, second[clear] == truth))
    for part in dict.fromkeys(exam.slices):
        here = np.array([s == part for s in exam.slices])
        if not here.all():
            truth = exam.labels[here]
            right = first[here] == truth, second[here] == truth
            found.append(guard(f"slice:{part}", *right))
    found.append(ceiling("bytes", challenger.bytes, MAX_BYTES))
    adds = ceiling("multiply_adds", challenger.multiply_adds, MAX_MULTIPLY_ADDS)
    return [*found, adds]


def decide(
    right: tuple[int, int, int], p: float, broken: Sequence[Guard], policy: str
) -> tuple[str, list[dict[str, Any]]]:
    """(outcome, reasons) for (champion's right answers, challenger's, n)."""
    champion, challenger, n = right
    if not n:
        return "kept", [{"code": "no_exam"}]
    if broken:
        return "rejected", [{"code": "guard", **g.to_json()} for g in broken]
    if challenger <= champion:
        code = "equal" if challenger == champion else "worse"
        return "kept", [{"code": code, "champion": champion, "challenger": challenger}]
    if policy == "significant" and p >= SIGNIFICANT:
        return "kept", [{"code": "not_significant", "p": round(p, 5)}]
    return "promoted", [
        {"code": "better", "champion": champion, "challenger": challenger, "n": n}
    ]


def compare(
    exam: Exam, champion: Side | None, challenger: Side, *, policy: str = "improves"
) -> dict[str, Any]:
    """The report of the exam, as plain JSON values."""
    if policy not in POLICIES:
        raise ValueError(f"no such policy: {policy}")
    report: dict[str, Any] = {
        "format": FORMAT,
        "policy": policy,
        "exam": {"hash": exam.hash, "n": len(exam.labels), "slices": slices(exam)},
        "champion": figures(exam, champion) if champion else None,
        "challenger": figures(exam, challenger),
    }
    if champion is None:
        return report | {
            "outcome": "promoted",
            "sentence": "Promoted: there was no champion yet.",
            "reasons": [{"code": "first"}],
            "difference": None,
            "guards": [],
            "changed": {"fixed": [], "broken": []},
        }
    return report | _duel(exam, champion, challenger, policy)


def _duel(exam: Exam, champion: Side, challenger: Side, policy: str) -> dict[str, Any]:
    first = champion.probabilities.argmax(1) == exam.labels
    second = challenger.probabilities.argmax(1) == exam.labels
    n = len(exam.labels)
    lost, gained = int((first & ~second).sum()), int((second & ~first).sum())
    p = mcnemar(lost, gained)
    low, high = bootstrap(gained, lost, n)
    rails = guards(exam, champion, challenger)
    right = int(first.sum()), int(second.sum()), n
    outcome, reasons = decide(right, p, [g for g in rails if g.broken], policy)
    difference = {
        "accuracy": round((gained - lost) / n, 4) if n else 0.0,
        "low": round(low, 4),
        "high": round(high, 4),
        "mcnemar_p": round(p, 5),
        "champion_only": lost,
        "challenger_only": gained,
    }
    return {
        "outcome": outcome,
        "reasons": reasons,
        "sentence": sentence(outcome, reasons, right, difference),
        "difference": difference,
        "guards": [g.to_json() for g in rails],
        "changed": {
            "fixed": [exam.refs[int(i)] for i in np.nonzero(second & ~first)[0]],
            "broken": [exam.refs[int(i)] for i in np.nonzero(first & ~second)[0]],
        },
    }


def figures(exam: Exam, side: Side) -> dict[str, Any]:
    """One side's column of the report."""
    found = metrics.figures(side.probabilities, exam.labels, exam.emotions)
    table = np.array(found["confusion"])
    recall = {}
    for i, emotion in enumerate(exam.emotions):
        n, right = int(table[i].sum()), int(table[i, i])
        low, high = metrics.wilson(right, n)
        recall[emotion] = {
            "value": round(right / n, 4) if n else None,
            "low": round(low, 4),
            "high": round(high, 4),
            "n": n,
        }
    clear = exam.majority >= 0
    said = side.probabilities[clear].argmax(1)
    votes = float((said == exam.majority[clear]).mean()) if clear.any() else None
    return found | {
        "name": side.name,
        "recall": recall,
        "ferplus": None if votes is None else round(votes, 4),
        "bytes": side.bytes,
        "multiply_adds": side.multiply_adds,
        "ms": round(side.ms, 3),
    }


def slices(exam: Exam) -> list[dict[str, Any]]:
    names = list(exam.slices)
    return [{"name": s, "n": names.count(s)} for s in dict.fromkeys(names)]


def sentence(
    outcome: str,
    reasons: list[dict[str, Any]],
    right: tuple[int, int, int],
    difference: dict[str, Any],
) -> str:
    """What happened, for a person."""
    champion, challenger, n = right
    if not n:
        return "Kept the champion: there were no faces to examine the two on."
    counts = (
        f"the challenger named {challenger:,} of {n:,} faces as labelled, the champion "
        f"{champion:,} ({100 * difference['accuracy']:+.1f} points, 95 % interval "
        f"{100 * difference['low']:+.1f} to {100 * difference['high']:+.1f})"
    )
    if outcome == "promoted":
        return f"Promoted: {counts}."
    if outcome == "rejected":
        link = "but" if challenger > champion else "and"
        return f"Rejected: {counts}, {link} {_harms(reasons)}."
    if reasons[0]["code"] == "not_significant":
        return f"Kept the champion: {counts}, which may be chance (p = {reasons[0]['p']:.2f})."  # noqa: E501
    return f"Kept the champion: {counts}."


def _harms(reasons: list[dict[str, Any]]) -> str:
    """The two greatest in words; the report shows all."""
    told = []
    for reason in sorted(reasons, key=lambda harm: -harm["loss"])[:2]:
        kind, _, what = reason["name"].partition(":")
        chance = "p < 0.001" if reason["p"] < 0.001 else f"p = {reason['p']:.3f}"
        share = f"{100 * reason['loss']:.1f} points ({chance})"
        told.append(
            {
                "recall": f"on {what} faces it lost {share}",
                "ferplus": f"against the raters' majority it lost {share}",
                "slice": f"on the {what} faces it lost {share}",
                "bytes": "its file is too large",
                "multiply_adds": "it costs too much to run",
            }[kind]
        )
    return " and ".join(told)
