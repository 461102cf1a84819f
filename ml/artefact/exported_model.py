"""A network as it was exported, and what the file that ships does on Tune."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.artefact.answers import Answer
from ml.artefact.card import AnswerFacts
from ml.artefact.figures import SplitFigures


@dataclass(frozen=True)
class MeasuredAnswer:
    probabilities: npt.NDArray[np.float32]  # [n, k] of Tune
    figures: SplitFigures | None  # of Tune, if it has any faces
    temperature: float
    certainty_threshold: float

    def facts(self, metrics: Mapping[str, SplitFigures]) -> AnswerFacts:
        return AnswerFacts(
            temperature=self.temperature,
            certainty_threshold=self.certainty_threshold,
            metrics=metrics,
        )


@dataclass(frozen=True)
class ExportedModel:
    answers: Mapping[Answer, MeasuredAnswer]  # of one head the mix alone
    multiply_adds: int  # of one face
    is_int8: bool

    @property
    def mix(self) -> MeasuredAnswer:
        return self.answers["mix"]
