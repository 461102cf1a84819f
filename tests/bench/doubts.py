"""What confident learning doubts: the shipped model on Tune, a fifth of it mislabelled.

FER-2013's own labels are wrong often enough (raters of FER+ agree with two thirds), so
not every doubt about an honest label is a mistake.
"""

from pathlib import Path

import numpy as np

from ml.artefact.predictor import Predictor
from ml.config import from_json
from ml.data import label_noise, splits
from ml.emotions import EMOTIONS
from ml.evaluation import evaluate
from tests.support.real_data import FER2013

SHARE = 0.2
HAPPY, SAD, ANGRY = (EMOTIONS.index(name) for name in ("happy", "sad", "angry"))


def main() -> None:
    if not FER2013:
        print("FER2013 is not set")
        return
    champion = Predictor.load(Path("models/base"))
    every = from_json(dict(champion.card.config)).tune_every
    rows, _leaked = splits.load_split("tune", EMOTIONS, fer=FER2013, tune_every=every)
    p = evaluate.predict(champion, rows)
    for kind in ("none", "random", "pair", "group"):
        labels = rows.labels.copy()
        dice = np.random.default_rng(0)
        lied = dice.random(len(labels)) < SHARE
        if kind == "random":
            labels[lied] = dice.integers(0, len(EMOTIONS), lied.sum())
        elif kind == "pair":
            swap = np.arange(len(EMOTIONS))
            swap[[HAPPY, SAD]] = SAD, HAPPY
            labels[lied] = swap[labels[lied]]
        elif kind == "group":
            labels[lied] = ANGRY
        lies = labels != rows.labels
        found = label_noise.find_issues(labels, p)
        caught = f"{found[lies].mean():.0%}" if lies.any() else "–"
        print(
            f"lies {kind:6}: {lies.sum()} of {len(lies)}, {caught} of them doubted, "
            f"{found[~lies].mean():.1%} of the other labels"
        )


if __name__ == "__main__":
    main()
