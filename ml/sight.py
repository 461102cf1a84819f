"""From a picture to what the model says of each face in it: the one way, for all."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.faces import Box, Detector, crop, to_network
from ml.images import Picture
from ml.predictor import Predictor


@dataclass(frozen=True)
class Sighting:
    box: Box  # in pixels of the upright photo
    score: float  # the detector's
    square: NDArray[np.uint8]  # the crop, [s, s, 3], s at most 256
    probabilities: NDArray[np.float32]  # [k]
    evidence: NDArray[np.float32]  # [h, w, k]


def see(
    picture: Picture,
    predictor: Predictor,
    detector: Detector,
    *,
    after: Callable[[str], object] = lambda step: None,
) -> list[Sighting]:
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
        Sighting(
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
