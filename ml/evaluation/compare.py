"""The gate: champion and challenger on the same faces, and which of them serves.

Pure functions over what the two predicted; nothing here reads a file or a clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from scipy.stats import binomtest

from ml.artefact.figures import Interval
from ml.config import GATE_POLICIES
from ml.data.arrays import Floats, Ints, Mask
from ml.evaluation import image_slices, metrics
from ml.evaluation.exam_report import (
    FORMAT,
    CandidateFigures,
    ChangedFace,
    ChangedFaces,
    Difference,
    ExamFaces,
    ExamReport,
    Guard,
    Outcome,
    Reason,
    Slice,
)
from ml.evaluation.gate_message import sentence
from ml.evaluation.paired_bootstrap import Resamples

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
    rows; slices: which part of the exam each row belongs to; images: slices by what
    the pictures are like, which may overlap."""

    hash: str
    emotions: tuple[str, ...]
    labels: Ints
    majority: Ints
    refs: Sequence[str]
    slices: Sequence[str]
    images: Mapping[str, Mask] = field(default_factory=dict)  # which rows each has

    def parts(self) -> dict[str, Mask]:
        """Which rows each slice has, by its name."""
        names = np.array(self.slices)
        return {name: names == name for name in dict.fromkeys(self.slices)}

    def facts(self) -> ExamFaces:
        slices = [
            Slice(name=name, n=int(here.sum())) for name, here in self.parts().items()
        ]
        return ExamFaces(hash=self.hash, n=len(self.labels), slices=tuple(slices))


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


def guard(name: str, champion: Mask, challenger: Mask, *, alpha: float) -> Guard:
    """Guard-rail on faces of which each side was right (True) or wrong, [n]."""
    n = len(champion)
    lost = int((champion & ~challenger).sum())
    gained = int((challenger & ~champion).sum())
    p = mcnemar(lost, gained, alternative="greater")
    loss = (lost - gained) / n if n else 0.0
    broken = bool(n and p < alpha and loss > max(LEAST_LOSS, 2 / n))
    return Guard(name=name, n=n, loss=round(loss, 4), p=round(p, 5), broken=broken)


def ceiling(name: str, value: int, most: int) -> Guard:
    """Guard-rail on a cost: broken above `most`."""
    return Guard(name=name, n=value, loss=0.0, p=1.0, broken=value > most)


def guards(exam: ExamData, champion: Candidate, challenger: Candidate) -> list[Guard]:
    """All guard-rails: each class, agreement with the raters, each slice, size and
    cost."""
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
    for image, here in exam.images.items():
        tests[f"image:{image}"] = (here, exam.labels)
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
) -> tuple[Outcome, list[Reason]]:
    """(outcome, reasons) for (champion's right answers, challenger's, n)."""
    champion, challenger, n = right
    if not n:
        return "kept", [Reason(code="no_exam")]
    if broken:
        guards = [{"code": "guard"} | guard.to_json() for guard in broken]
        return "rejected", [Reason.model_validate(guard) for guard in guards]
    if challenger <= champion:
        code = "equal" if challenger == champion else "worse"
        return "kept", [Reason(code=code, champion=champion, challenger=challenger)]
    if policy == "significant" and p >= SIGNIFICANT:
        return "kept", [Reason(code="not_significant", p=round(p, 5))]
    better = Reason(code="better", champion=champion, challenger=challenger, n=n)
    return "promoted", [better]


def compare(
    exam: ExamData,
    champion: Candidate | None,
    challenger: Candidate,
    *,
    policy: str = "improves",
) -> ExamReport:
    """The report of the exam."""
    if policy not in GATE_POLICIES:
        raise ValueError(f"no such policy: {policy}")
    if champion is not None:
        return _compare_two(exam, champion, challenger, policy)
    return ExamReport(
        format=FORMAT,
        policy=policy,
        exam=exam.facts(),
        champion=None,
        challenger=figures(exam, challenger),
        outcome="promoted",
        reasons=(Reason(code="first"),),
        sentence="Promoted: there was no champion yet.",
        difference=None,
        guards=(),
        changed=ChangedFaces(fixed=(), broken=()),
    )


def _compare_two(
    exam: ExamData, champion: Candidate, challenger: Candidate, policy: str
) -> ExamReport:
    first, second = champion.predictions, challenger.predictions
    was_right, is_right = first == exam.labels, second == exam.labels
    lost, gained = was_right & ~is_right, is_right & ~was_right
    p = mcnemar(int(lost.sum()), int(gained.sum()))
    difference = differences(exam, first, second).model_copy(
        update={
            "mcnemar_p": round(p, 5),
            "champion_only": int(lost.sum()),
            "challenger_only": int(gained.sum()),
        }
    )
    rails = guards(exam, champion, challenger)
    broken = [guard for guard in rails if guard.broken]
    right = int(was_right.sum()), int(is_right.sum()), len(exam.labels)
    outcome, reasons = decide(right, p, broken, policy)
    is_chance = reasons[0].code == "not_significant"
    return ExamReport(
        format=FORMAT,
        policy=policy,
        exam=exam.facts(),
        champion=figures(exam, champion),
        challenger=figures(exam, challenger),
        outcome=outcome,
        reasons=tuple(reasons),
        sentence=sentence(
            outcome, right, difference, broken=broken, is_chance=is_chance
        ),
        difference=difference,
        guards=tuple(rails),
        changed=ChangedFaces(
            fixed=changed(exam, first, second, gained),
            broken=changed(exam, first, second, lost),
        ),
    )


def differences(exam: ExamData, first: Ints, second: Ints) -> Difference:
    """Challenger minus champion, each with the 95 % interval of the same resamples."""
    parts = list(exam.parts())
    part = np.array([parts.index(name) for name in exam.slices], np.int64)
    drawn = Resamples(exam.labels, exam.majority, part, first, second)
    right = partial(drawn.accuracy, drawn.label)
    accuracy = right(drawn.label >= 0) or Interval(value=0.0, low=0.0, high=0.0)
    return Difference(
        accuracy=accuracy.value,
        low=accuracy.low,
        high=accuracy.high,
        macro_f1=drawn.macro_f1(len(exam.emotions)),
        ferplus=drawn.accuracy(drawn.majority, drawn.majority >= 0),
        recall={e: right(drawn.label == i) for i, e in enumerate(exam.emotions)},
        slices={name: right(drawn.part == i) for i, name in enumerate(parts)},
    )


def changed(
    exam: ExamData, first: Ints, second: Ints, where: Mask
) -> tuple[ChangedFace, ...]:
    """The faces `where`, with what both predicted: ids, never pixels."""
    names = exam.emotions
    return tuple(
        ChangedFace(
            ref=exam.refs[i],
            label=names[exam.labels[i]],
            champion=names[first[i]],
            challenger=names[second[i]],
        )
        for i in map(int, np.nonzero(where)[0])
    )


def figures(exam: ExamData, side: Candidate) -> CandidateFigures:
    """One side's column of the report."""
    found = metrics.figures(side.probabilities, exam.labels, exam.emotions)
    right, parts = side.predictions == exam.labels, exam.parts()
    clear = exam.majority >= 0
    agrees = (side.predictions == exam.majority)[clear]
    return CandidateFigures.model_validate(
        found.to_json()
        | {
            "name": side.name,
            "recall": {
                e: metrics.share(right[exam.labels == i])
                for i, e in enumerate(exam.emotions)
            },
            "slices": {
                name: metrics.share(right[here]) for name, here in parts.items()
            },
            "images": image_slices.figures(right, exam.images),
            "ferplus": round(float(agrees.mean()), 4) if len(agrees) else None,
            "bytes": side.bytes,
            "multiply_adds": side.multiply_adds,
            "ms": round(side.ms, 3),
        }
    )
