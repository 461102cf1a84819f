"""What is said of a face to whoever asks, by the site, the API and the shell alike."""

from dataclasses import dataclass

import numpy as np

from ml.artefact.answers import Answer
from ml.artefact.predictor import Predictor
from ml.vision.decode import Picture
from ml.vision.face_crop import Box, Doubt
from ml.vision.look_rules import ANSWER
from ml.vision.pipeline import FacePrediction

# The second is worth a word if it is at least this share of the first.
CLOSE: float = ANSWER.close


@dataclass(frozen=True)
class FaceAnswer:
    box: tuple[int, int, int, int]  # x, y, w, h within the upright photo
    score: float  # the detector's
    emotion: str
    is_sure: bool  # false: "hard to say"
    runner_up: str | None  # named where it is close
    probabilities: dict[str, float]  # in the order of the network's outputs
    doubt: Doubt | None = None  # why it is not sure whatever the probabilities


def face_answer(
    face: FacePrediction, picture: Picture, predictor: Predictor, answer: Answer
) -> FaceAnswer:
    p = face.answers[answer]
    first, second = (int(index) for index in np.argsort(-p)[:2])
    best = float(p[first])
    is_close = float(p[second]) >= CLOSE * best
    threshold = predictor.certainty_thresholds[answer]
    return FaceAnswer(
        box=_whole_box(face.box, picture),
        score=round(face.score, 4),
        emotion=predictor.emotions[first],
        is_sure=best >= threshold and not face.doubt,
        runner_up=predictor.emotions[second] if is_close else None,
        probabilities=predictor.by_emotion(p),
        doubt=face.doubt,
    )


def _whole_box(box: Box, picture: Picture) -> tuple[int, int, int, int]:
    """In whole pixels, cut where it stands out of the photo."""
    left = min(max(0, round(box.x)), picture.width - 1)
    top = min(max(0, round(box.y)), picture.height - 1)
    right = min(picture.width, max(left + 1, round(box.x + box.w)))
    bottom = min(picture.height, max(top + 1, round(box.y + box.h)))
    return left, top, right - left, bottom - top
