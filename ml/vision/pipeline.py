"""From a picture to what the model says of each face in it: the one way, for all."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.artefact.predictor import Predictor
from ml.vision.decode import Picture
from ml.vision.detector import Detector
from ml.vision.face_crop import Box, crop, to_network


@dataclass(frozen=True)
class FacePrediction:
    box: Box  # in pixels of the upright photo
    score: float  # the detector's
    square: NDArray[np.uint8]  # the crop, [s, s, 3], s at most 256
    probabilities: NDArray[np.float32]  # [k]
    evidence: NDArray[np.float32]  # [h, w, k]


def predict_faces(
    picture: Picture,
    predictor: Predictor,
    detector: Detector,
    *,
    after: Callable[[str], object] = lambda step: None,
) -> list[FacePrediction]:
    """Every face, the largest first. `after` is told of "detect" and "classify"."""
    found = detector.find(picture.rgb)
    after("detect")
    if not found:
        return []
    squares = [crop(picture.rgb, face.box) for face in found]
    said = predictor.predict(np.stack([to_network(square) for square in squares]))
    after("classify")
    scale = picture.scale
    return [
        FacePrediction(
            Box(*(side * scale for side in face.box)),
            face.score,
            square,
            probabilities,
            evidence,
        )
        for face, square, probabilities, evidence in zip(
            found, squares, said.probabilities, said.evidence, strict=True
        )
    ]
