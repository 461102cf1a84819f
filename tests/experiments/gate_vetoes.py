"""How often the guard-rails veto an equally good challenger, and a worse one.

FER2013=… FERPLUS=… python -m tests.experiments.gate_vetoes

Two challengers of the champion's own making: each is the shipped model with noise of
the same strength on what it says, so neither is better than the other and every veto
of one by the other is a false alarm. The more noise, the more answers differ.
"""

import os
from pathlib import Path

import numpy as np

from ml.evaluation import compare, exam_data
from ml.evaluation.compare import Candidate, ExamData
from tests.bench.parts import page
from tests.support.real_data import FER2013, FERPLUS

ROOT = Path(__file__).resolve().parents[2]
TRIALS = int(os.environ.get("TRIALS", "1000"))
NOISE = (0.1, 0.3, 1.0)
COMMUNITY = 500  # faces of PublicTest that stand for the community's
HARMS = (("fear", 0.05), ("fear", 0.1), ("happy", 0.05), ("disgust", 0.2))

random = np.random.default_rng(0)


def main() -> None:
    if FER2013 is None or FERPLUS is None:
        print("not measured: set FER2013 and FERPLUS")
        return
    exam, champion = sit(FER2013, FERPLUS)
    equal = [false_alarms(exam, champion, noise) for noise in NOISE]
    worse = [caught(exam, champion, *harm) for harm in HARMS]
    page.write_section(
        "gate",
        f"""## The gate

{len(exam.labels):,} faces of PublicTest with the raters' majorities, {COMMUNITY} of
them as the community's slice; {TRIALS:,} pairs of challengers a row
(`FER2013=… FERPLUS=… python -m tests.experiments.gate_vetoes`).

**Equally good** by construction: every veto is a false alarm. Goal: at most 5 %.

{page.table(["answers that differ, %", "vetoed, %", "promoted, %"], equal)}

**Truly worse** in one class alone, noise {NOISE[1]}:

{page.table(["", "vetoed, %"], worse)}
""",
    )


def sit(fer: Path, votes: Path) -> tuple[ExamData, Candidate]:
    rows, whole = exam_data.load_exam(fer=fer, votes=votes)
    n = len(rows)
    slices = ["public"] * (n - COMMUNITY) + ["community"] * COMMUNITY
    facts = (whole.hash, whole.emotions, whole.labels, whole.majority, whole.refs)
    return ExamData(*facts, slices), exam_data.evaluate_candidate(
        ROOT / "models" / "base", rows
    )


def noisy(side: Candidate, noise: float) -> Candidate:
    logits = np.log(side.probabilities + 1e-6)
    logits += random.normal(0, noise, logits.shape).astype(np.float32)
    return Candidate(side.name, logits, side.bytes, side.multiply_adds)


def false_alarms(exam: ExamData, champion: Candidate, noise: float) -> list[str]:
    differ, vetoed, promoted = 0.0, 0, 0
    for _ in range(TRIALS):
        first, second = noisy(champion, noise), noisy(champion, noise)
        differ += float((first.predictions != second.predictions).mean())
        is_vetoed = any(guard.broken for guard in compare.guards(exam, first, second))
        right = [
            int((side.predictions == exam.labels).sum()) for side in (first, second)
        ]
        vetoed += is_vetoed
        promoted += not is_vetoed and right[1] > right[0]
    return [f"{100 * count / TRIALS:.1f}" for count in (differ, vetoed, promoted)]


def caught(
    exam: ExamData, champion: Candidate, emotion: str, points: float
) -> list[str]:
    """A challenger that loses so large a share of one class, and nothing elsewhere."""
    place = exam.emotions.index(emotion)
    vetoed = 0
    for _ in range(TRIALS):
        first, second = noisy(champion, NOISE[1]), noisy(champion, NOISE[1])
        right = (second.predictions == place) & (exam.labels == place)
        share = points * (exam.labels == place).sum() / max(right.sum(), 1)
        spoilt = right & (random.random(len(right)) < share)
        second.probabilities[spoilt, place] = -np.inf  # the next best instead
        vetoed += any(guard.broken for guard in compare.guards(exam, first, second))
    worse = f"{100 * points:.0f} points on {emotion} faces"
    return [worse, f"{100 * vetoed / TRIALS:.1f}"]


if __name__ == "__main__":
    main()
