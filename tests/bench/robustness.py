"""What the model loses where a face is not as FER-2013 has it, by each of its answers.

    FER2013=… FERPLUS=… python -m tests.bench.robustness

On the rows of Tune that the shipped model spared, each changed in one way. The costs
are of the same faces, so their intervals are those of paired differences.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ml.artefact.answers import Answer
from ml.artefact.predictor import Predictor
from ml.config import from_json
from ml.data import splits
from ml.data.arrays import Bytes, Mask, Rows
from ml.evaluation import evaluate, metrics
from tests.bench.parts import page
from tests.support.real_data import FER2013, FERPLUS

ROOT = Path(__file__).resolve().parents[2]
MODEL = Path(os.environ.get("MODEL") or ROOT / "models" / "base")
DICE = 7


@dataclass(frozen=True)
class Measure:
    """One answer by one truth."""

    name: str
    answer: Answer
    is_by_raters: bool

    def right(self, predictor: Predictor, rows: Rows) -> Mask:
        """[n] of the faces whose truth is known."""
        found = evaluate.predict(predictor, rows, self.answer).argmax(1)
        if not self.is_by_raters:
            return np.asarray(found == rows.labels)
        clear = rows.majority >= 0
        return np.asarray((found == rows.majority)[clear])


MEASURES = (
    Measure("label, by the labels", "label", is_by_raters=False),
    Measure("raters, by their majority", "raters", is_by_raters=True),
    Measure("mix, by the labels", "mix", is_by_raters=False),
    Measure("mix, by the majority", "mix", is_by_raters=True),
)


def main() -> None:
    if not (FER2013 and FERPLUS):
        sys.exit("robustness: set FER2013 and FERPLUS.")
    predictor = Predictor.load(MODEL)
    card = predictor.card
    rows, _leaked = splits.load_split(
        "tune",
        card.emotions,
        fer=FER2013,
        votes=FERPLUS,
        tune_every=from_json(dict(card.config)).tune_every,
    )
    plain = [measure.right(predictor, rows) for measure in MEASURES]
    table = [["as they are", *(share(right) for right in plain)]]
    for name, change in CHANGES.items():
        changed = with_pixels(rows, np.stack([change(face) for face in rows.pixels]))
        costs = [
            cost(before, measure.right(predictor, changed))
            for measure, before in zip(MEASURES, plain, strict=True)
        ]
        table.append([name, *costs])
    text = f"""{card.name} on the {len(rows)} faces of Tune that it spared: right, %,
with the 95 % interval; below, the points that a change costs the same faces.

{page.table(["", *(measure.name for measure in MEASURES)], table)}
"""
    page.write_section("robustness", text, page=ROOT / "docs" / "champion.md")
    print(text)


def with_pixels(rows: Rows, pixels: Bytes) -> Rows:
    return Rows(
        *(pixels, rows.targets, rows.weights, rows.labels, rows.majority, rows.index)
    )


def share(right: Mask) -> str:
    low, high = metrics.wilson(int(right.sum()), len(right))
    return f"{right.mean():.1%} ({low * 100:.1f}–{high * 100:.1f})".replace("%", " %")


def cost(before: Mask, after: Mask) -> str:
    lost = before.astype(float) - after
    half = metrics.Z * lost.std() / np.sqrt(len(lost))
    ends = (100 * (lost.mean() + end) for end in (-half, half))
    low, high = (f"{end:.1f}".replace("-", "−") for end in ends)
    points = f"{100 * lost.mean():.1f}".replace("-", "−")
    return f"{points} ({low} to {high})"


# --- each takes a face uint8 [48, 48] and gives another


def jpeg(quality: int) -> Callable[[Bytes], Bytes]:
    def change(face: Bytes) -> Bytes:
        options = [cv2.IMWRITE_JPEG_QUALITY, quality]
        _ok, data = cv2.imencode(".jpg", face, options)
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)

    return change


def light(contrast: float, brightness: float) -> Callable[[Bytes], Bytes]:
    def change(face: Bytes) -> Bytes:
        return grey(face * contrast + brightness)

    return change


def shrunk(side: int) -> Callable[[Bytes], Bytes]:
    def change(face: Bytes) -> Bytes:
        small = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
        return grey(cv2.resize(small, face.shape, interpolation=cv2.INTER_CUBIC))

    return change


def moved(
    *, degrees: float = 0, scale: float = 1, right: float = 0
) -> Callable[[Bytes], Bytes]:
    def change(face: Bytes) -> Bytes:
        middle = (face.shape[1] - 1) / 2, (face.shape[0] - 1) / 2
        matrix = cv2.getRotationMatrix2D(middle, degrees, scale)
        matrix[0, 2] += right
        return grey(
            cv2.warpAffine(face, matrix, face.shape, borderMode=cv2.BORDER_REFLECT_101)
        )

    return change


def blurred(face: Bytes) -> Bytes:
    return grey(cv2.GaussianBlur(face, (0, 0), 1.0))


def noisy(face: Bytes) -> Bytes:
    dice = np.random.default_rng([DICE, int(face.sum())])
    return grey(face + dice.normal(0, 10, face.shape))


def grey(pixels: np.ndarray) -> Bytes:
    return np.asarray(np.clip(np.rint(pixels), 0, 255), np.uint8)


CHANGES: dict[str, Callable[[Bytes], Bytes]] = {
    "JPEG, quality 50": jpeg(50),
    "JPEG, quality 20": jpeg(20),
    "half as bright": light(0.5, 0),
    "a quarter as bright": light(0.25, 0),
    "brightened by 60 greys": light(1, 60),
    "shrunk to 32 px": shrunk(32),
    "shrunk to 24 px": shrunk(24),
    "blurred by 1 px": blurred,
    "noise of 10 greys": noisy,
    "turned left by 15 degrees": moved(degrees=15),
    "turned right by 15 degrees": moved(degrees=-15),
    "cut wider by a tenth": moved(scale=0.9),
    "cut closer by a tenth": moved(scale=1.1),
    "moved by 4 px": moved(right=4),
}


if __name__ == "__main__":
    main()
