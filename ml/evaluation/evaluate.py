"""Measure a model folder, called as it is served, on a split of FER-2013."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ml.artefact.answers import Answer
from ml.artefact.figures import Agreement, Evaluation, SplitFigures
from ml.artefact.predictor import Predictor
from ml.data import fer2013
from ml.data.arrays import TRAINING, Floats, Mask, Rows
from ml.evaluation import metrics
from ml.vision import near_duplicates


def find_copies(rows: Rows, *, fer: Path, cache: Path | None = None) -> Mask:
    """[n] of which faces Training holds a near-duplicate (docs/duplicates.md), equal
    pixels included. Takes about a tenth of a second for each face."""
    data = fer2013.read(fer, cache=cache)
    training = data.pixels[data.usage == TRAINING]
    known = near_duplicates.SignatureIndex(
        [near_duplicates.signature(face) for face in training]
    )
    found = [bool(known.find(near_duplicates.signature(face))) for face in rows.pixels]
    return np.asarray(found, bool)


def predict(predictor: Predictor, rows: Rows, answer: Answer = "mix") -> Floats:
    """Probabilities float32 [n, k] of a loaded model for n rows, n at least 1."""
    faces = rows.pixels[..., None]
    parts = [
        predictor.predict(faces[i : i + 256].astype(np.float32)).answers[answer]
        for i in range(0, len(rows), 256)
    ]
    return np.concatenate(parts)


def evaluate(
    predictor: Predictor,
    rows: Rows,
    leaked: Mask,
    copied: Mask | None = None,
    *,
    answer: Answer = "mix",
) -> Evaluation:
    """Everything `python -m ml evaluate --json` prints. `leaked` and `copied`, each
    [n], are the rows that one more accuracy is measured without."""
    p = predict(predictor, rows, answer)
    right = p.argmax(1) == rows.labels
    found = figures(p, rows, predictor.emotions).to_json()
    found |= {"accuracy_without_leaked": _share(right[~leaked])}
    found |= {"leaked": int(leaked.sum())}
    if copied is not None:
        found |= {"accuracy_without_copies": _share(right[~copied])}
        found |= {"copies": int(copied.sum())}
    found |= {"reliability": metrics.reliability(p, rows.labels)}
    return Evaluation.model_validate(found)


def _share(right: Mask) -> float | None:
    return round(float(right.mean()), 4) if len(right) else None


def figures(p: Floats, rows: Rows, emotions: Sequence[str]) -> SplitFigures:
    """`metrics.figures` of probabilities float32 [n, k] by the labels; accuracy also by
    the FER+ majority, where that is known."""
    clear = rows.majority >= 0
    agreement = None
    if clear.any():
        by_raters = metrics.figures(p[clear], rows.majority[clear], emotions)
        agreement = Agreement(
            n=by_raters.n,
            accuracy=by_raters.accuracy,
            macro_f1=by_raters.macro_f1,
            ece=by_raters.ece,
        )
    found = metrics.figures(p, rows.labels, emotions)
    return found.model_copy(update={"ferplus": agreement})
