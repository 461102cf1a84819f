"""The exam: PublicTest, and the hold-out of contributions that a snapshot has."""

import hashlib
import time
from pathlib import Path

import numpy as np

from ml.artefact import card
from ml.artefact.predictor import Predictor
from ml.data import arrays, snapshot, splits
from ml.data.arrays import Bytes, Floats, Rows
from ml.emotions import EMOTIONS
from ml.errors import BadInput
from ml.evaluation import compare, evaluate, image_slices
from ml.evaluation.compare import Candidate
from ml.vision.detector import load_detector


def load_exam(
    *,
    fer: Path | None,
    votes: Path | None = None,
    contributions: Path | None = None,
    split: str = "public",
    cache: Path | None = None,
    detector: Path | None = None,
) -> tuple[Rows, compare.ExamData]:
    """The rows of an exam, and what `compare.compare` needs to know of them. `split`
    "public" or "tune" of FER-2013; `contributions`: a snapshot folder; `detector`:
    YuNet's file, by which turned faces are told. Raises BadInput where there are no
    faces, FileNotFoundError where a file is missing."""
    parts: list[Rows] = []
    refs: list[str] = []
    slices: list[str] = []
    sides: list[int] = []
    if fer is not None:
        rows, _leaked = splits.load_split(
            split, EMOTIONS, fer=fer, votes=votes, cache=cache
        )
        parts.append(rows)
        refs += [f"fer2013:{i}" for i in rows.index]
        slices += [split] * len(rows)
        sides += [arrays.SIDE] * len(rows)
    if contributions is not None:
        ids, given = snapshot.read(contributions, "exam", EMOTIONS)
        if given is not None:
            parts.append(given)
            refs += [f"contribution:{i}" for i in ids]
            slices += ["community"] * len(given)
            sides += snapshot.sides(contributions, "exam", EMOTIONS)
    if not parts:
        raise BadInput("there is no exam: neither FER-2013 nor a hold-out of faces")
    rows = arrays.join(*parts)
    digest = hashlib.sha256(rows.pixels.tobytes() + rows.labels.tobytes()).hexdigest()
    found = load_detector(detector) if detector else None
    turns = None
    if found and found.knows_roll:
        turns = image_slices.poses(rows.pixels, found, cache)
    images = image_slices.masks(rows.pixels, np.array(sides, np.int64), turns)
    return rows, compare.ExamData(
        digest, EMOTIONS, rows.labels, rows.majority, refs, slices, images
    )


def evaluate_candidate(folder: Path, rows: Rows) -> Candidate:
    """One model folder on the exam's rows. A class that it does not know gets
    probability 0. Raises BadArtefact."""
    predictor = Predictor.load(folder)
    p = np.zeros((len(rows), len(EMOTIONS)), np.float32)
    columns = [EMOTIONS.index(e) for e in predictor.emotions]
    p[:, columns] = evaluate.predict(predictor, rows)
    return Candidate(
        name=predictor.card.name,
        probabilities=p,
        bytes=(folder / card.MODEL).stat().st_size,
        multiply_adds=predictor.card.multiply_adds,
        ms=median_latency(predictor, rows.pixels),
    )


def median_latency(predictor: Predictor, pixels: Bytes, *, times: int = 40) -> float:
    """Milliseconds that a call for the first face of uint8 [n, 48, 48] takes.
    Reported, never a reason: the machine is shared."""
    face: Floats = pixels[:1, :, :, None].astype(np.float32)
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        predictor.predict(face)
        seconds.append(time.perf_counter() - began)
    return float(np.median(seconds) * 1e3)
