"""A network as it was exported, and what the file that ships does on Tune."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.artefact.figures import SplitFigures


@dataclass(frozen=True)
class ExportedModel:
    probabilities: npt.NDArray[np.float32]  # [n, k] of Tune
    figures: SplitFigures | None  # of Tune, if it has any faces
    temperature: float
    certainty_threshold: float
    multiply_adds: int  # of one face
    is_int8: bool
