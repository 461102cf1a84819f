"""The gate: champion and challenger on the same faces, and which of them serves.

Pure functions over what the two predicted; nothing here reads a file or a clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.stats import binomtest

from ml.config import GATE_POLICIES
from ml.data.arrays import Floats, Ints, Mask
from ml.evaluation import metrics
from ml.evaluation.gate_message import sentence
from ml.evaluation.paired_bootstrap import Difference, Resamples

FORMAT = 2

# A guard-rail vetoes only shown harm; all tests of an exam share this chance to veto
# an equally good challenger (tests/experiments/gate_vetoes.py counts how many are
# vetoed). A veto whenever an interval reaches below would stop nearly every one.
ALPHA = 0.05
LEAST_LOSS = 0.02  # and more than two faces
SIGNIFICANT = 0.05
MAX_BYTES = 8 * 2**20
MAX_MULTIPLY_ADDS = 1_000_000_000


@dataclass(frozen=True)
class Candidate:
    """One of the two: its probabilities [n, k] on the exam, and what it costs."""

    name: str
    probabilities: Floats
    bytes: int = 0
    multiply_adds: int = 0
    ms: float = 0.0

    @property
    def predictions(self) -> Ints:
        """The likeliest class of each face, int64 [n]."""
        return np.asarray(self.probabilities.argmax(1))


@dataclass(frozen=True)
class ExamData:
    """labels int64 [n]; majority int64 [n] of FER+, -1 where unknown; refs: n names of
    rows; slices: which part of the exam each row belongs to."""

    hash: str
    emotions: tuple[str, ...]
    labels: Ints
    majority: Ints
    refs: Sequence[str]
    slices: Sequence[str]

    def parts(self) -> dict[str, Mask]:
        """Which rows each slice has, by its name."""
        names = np.array(self.slices)
        return {name: names == name for name in dict.fromkeys(self.slices)}


def mcnemar(
    champion_only: int, challenger_only: int, *, alternative: str = "two-sided"
) -> float:
    """Exact p of McNemar's test (1947): faces that only one of the two got right would
    fall to either like a fair coin, were the two equally good; 1 without such faces.
    `alternative` "greater": one-sided, that the challenger is no worse."""
    n = champion_only + challenger_only
    if not n:
        return 1.0
    return float(binomtest(champion_only, n, alternative=alternative).pvalue)


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


def guard(name: str, champion: Mask, challenger: Mask, *, alpha: float) -> Guard:
    """Guard-rail on faces of which each side was right (True) or wrong, [n]."""
    n = len(champion)
    lost = int((champion & ~challenger).sum())
    gained = int((challenger & ~champion).sum())
    p = mcnemar(lost, gained, alternative="greater")
    loss = (lost - gained) / n if n else 0.0
    broken = bool(n and p < alpha and loss > max(LEAST_LOSS, 2 / n))
    return Guard(name, n, loss, p, broken)


def ceiling(name: str, value: int, most: int) -> Guard:
    """Guard-rail on a cost: broken above `most`."""
    return Guard(name, value, 0.0, 1.0, value > most)


def guards(exam: ExamData, champion: Candidate, challenger: Candidate) -> list[Guard]:
    """All guard-rails: each class, agreement with the raters, size and cost."""
    tests = {
        f"recall:{emotion}": (exam.labels == i, exam.labels)
        for i, emotion in enumerate(exam.emotions)
    }
    clear = exam.majority >= 0
    if clear.any():
        tests["ferplus"] = (clear, exam.majority)
    for part, here in exam.parts().items():
        if not here.all():
            tests[f"slice:{part}"] = (here, exam.labels)
    predictions = champion.predictions, challenger.predictions
    found = []
    for name, (here, truth) in tests.items():
        right = [(predicted == truth)[here] for predicted in predictions]
        found.append(guard(name, *right, alpha=ALPHA / len(tests)))
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
    exam: ExamData,
    champion: Candidate | None,
    challenger: Candidate,
    *,
    policy: str = "improves",
) -> dict[str, Any]:
    """The report of the exam, as plain JSON values."""
    if policy not in GATE_POLICIES:
        raise ValueError(f"no such policy: {policy}")
    report: dict[str, Any] = {
        "format": FORMAT,
        "policy": policy,
        "exam": {
            "hash": exam.hash,
            "n": len(exam.labels),
            "slices": [
                {"name": name, "n": int(here.sum())}
                for name, here in exam.parts().items()
            ],
        },
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
    return report | _compare_two(exam, champion, challenger, policy)


def _compare_two(
    exam: ExamData, champion: Candidate, challenger: Candidate, policy: str
) -> dict[str, Any]:
    first, second = champion.predictions, challenger.predictions
    was_right, is_right = first == exam.labels, second == exam.labels
    lost, gained = (
        int((was_right & ~is_right).sum()),
        int((is_right & ~was_right).sum()),
    )
    p = mcnemar(lost, gained)
    rails = guards(exam, champion, challenger)
    right = int(was_right.sum()), int(is_right.sum()), len(exam.labels)
    outcome, reasons = decide(right, p, [g for g in rails if g.broken], policy)
    difference = differences(exam, first, second) | {
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
            "fixed": changed(exam, first, second, is_right & ~was_right),
            "broken": changed(exam, first, second, was_right & ~is_right),
        },
    }


def differences(exam: ExamData, first: Ints, second: Ints) -> dict[str, Any]:
    """Challenger minus champion, each with the 95 % interval of the same resamples."""
    parts = list(exam.parts())
    part = np.array([parts.index(name) for name in exam.slices], np.int64)
    drawn = Resamples(exam.labels, exam.majority, part, first, second)
    right = partial(drawn.accuracy, drawn.label)
    accuracy = _json(right(drawn.label >= 0)) or {"value": 0.0, "low": 0.0, "high": 0.0}
    return {
        "accuracy": accuracy["value"],
        "low": accuracy["low"],
        "high": accuracy["high"],
        "macro_f1": _json(drawn.macro_f1(len(exam.emotions))),
        "ferplus": _json(drawn.accuracy(drawn.majority, drawn.majority >= 0)),
        "recall": {
            e: _json(right(drawn.label == i)) for i, e in enumerate(exam.emotions)
        },
        "slices": {name: _json(right(drawn.part == i)) for i, name in enumerate(parts)},
    }


def _json(difference: Difference | None) -> dict[str, float] | None:
    return difference.to_json() if difference else None


def changed(
    exam: ExamData, first: Ints, second: Ints, where: Mask
) -> list[dict[str, str]]:
    """The faces `where`, with what both predicted: ids, never pixels."""
    names = exam.emotions
    return [
        {
            "ref": exam.refs[i],
            "label": names[exam.labels[i]],
            "champion": names[first[i]],
            "challenger": names[second[i]],
        }
        for i in map(int, np.nonzero(where)[0])
    ]


def figures(exam: ExamData, side: Candidate) -> dict[str, Any]:
    """One side's column of the report."""
    found = metrics.figures(side.probabilities, exam.labels, exam.emotions)
    right = side.predictions == exam.labels
    clear = exam.majority >= 0
    agrees = (side.predictions == exam.majority)[clear]
    return found | {
        "name": side.name,
        "recall": {
            e: share(right[exam.labels == i]) for i, e in enumerate(exam.emotions)
        },
        "slices": {name: share(right[here]) for name, here in exam.parts().items()},
        "ferplus": round(float(agrees.mean()), 4) if len(agrees) else None,
        "bytes": side.bytes,
        "multiply_adds": side.multiply_adds,
        "ms": round(side.ms, 3),
    }


def share(right: Mask) -> dict[str, Any]:
    """Of n faces the share that is right, with Wilson's 95 % interval."""
    n = len(right)
    low, high = metrics.wilson(int(right.sum()), n)
    value = round(float(right.mean()), 4) if n else None
    return {"value": value, "low": round(low, 4), "high": round(high, 4), "n": n}
