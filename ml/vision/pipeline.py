"""From a picture to what the model says of each face in it: the one way, for all."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ml.artefact.predictor import Predictor
from ml.vision.decode import Picture
from ml.vision.detector import Detector
from ml.vision.face_crop import Box, cut_out, to_network
from ml.vision.face_quality import Doubt, doubt
from ml.vision.face_search import find_faces


@dataclass(frozen=True)
class FacePrediction:
    box: Box  # in pixels of the upright photo
    score: float  # the detector's
    square: NDArray[np.uint8]  # the crop, [s, s, 3], s at most 256
    probabilities: NDArray[np.float32]  # [k]
    evidence: NDArray[np.float32]  # [h, w, k]
    doubt: Doubt | None  # why not to trust the answer


def predict_faces(
    picture: Picture,
    predictor: Predictor,
    detector: Detector,
    *,
    is_one_look: bool = False,
    on_step: Callable[[str], object] = lambda step: None,
) -> list[FacePrediction]:
    """Every face, the largest first; of a film's frame, what one look finds. `on_step`
    is called with "detect", "classify"."""
    find = detector.find if is_one_look else partial(find_faces, detector=detector)
    found = find(picture.rgb)
    on_step("detect")
    if not found:
        return []
    squares = [cut_out(picture.rgb, face) for face in found]
    predicted = predictor.predict(np.stack([to_network(square) for square in squares]))
    on_step("classify")
    scale = picture.scale
    return [
        FacePrediction(
            Box(*(side * scale for side in face.box)),
            face.score,
            square,
            probabilities,
            evidence,
            doubt(face, square),
        )
        for face, square, probabilities, evidence in zip(
            found, squares, predicted.probabilities, predicted.evidence, strict=True
        )
    ]
