"""The champion at work: faces in, calibrated probabilities and evidence out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.artefact import card as cards
from ml.artefact.answers import ANSWERS, Answer, outputs_of
from ml.artefact.card import Card
from ml.artefact.onnx_session import open_session
from ml.errors import BadArtefact

# More faces than this in one run would only cost memory, not save time.
BATCH = 32


@dataclass(frozen=True)
class Prediction:
    answers: Mapping[Answer, NDArray[np.float32]]  # each [n, k], rows sum to 1
    evidence: NDArray[np.float32]  # [n, h, w, k], class activation map of the mix

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """[n, k] of the mix."""
        return self.answers["mix"]


def evidence_map(evidence: NDArray[np.float32], winner: int) -> NDArray[np.uint8]:
    """What spoke for the winner more than for the others, 0–255, uint8 [h, w].

    `evidence`: one face's maps, float32 [h, w, k]; `winner`: an index below k. The
    softmax sees only differences between classes, so their mean is taken away.
    """
    speaks_for = np.clip(evidence[..., winner] - evidence.mean(axis=-1), 0, None)
    most = max(float(speaks_for.max()), 1e-6)
    return np.asarray(np.rint(speaks_for * (255 / most)), np.uint8)


def _check_golden(
    card: Card, golden: NDArray[np.float32], expected: Sequence[Sequence[float]]
) -> None:
    widths = {golden.shape[1], len(card.emotions), *map(len, expected)}
    if len(golden) != len(expected) or len(widths) > 1:
        raise BadArtefact(f"{card.name} does not have the outputs of its card.")
    gap = np.abs(golden - np.asarray(expected, np.float32)).max()
    if float(gap) > cards.GOLDEN_TOLERANCE:
        raise BadArtefact(f"{card.name} does not see the golden faces as it should.")


class Predictor:
    """One network, loaded and proven. Thread-safe: requests share it."""

    def __init__(self, session: Any, card: Card) -> None:
        self._session = session
        self._outputs = outputs_of(session)  # asking costs as much as 3 % of a face
        self.card = card
        self.certainty_thresholds: Mapping[Answer, float] = {
            answer: card.of(answer).certainty_threshold for answer in ANSWERS
        }

    @property
    def emotions(self) -> tuple[str, ...]:
        return self.card.emotions

    def by_emotion(self, probabilities: NDArray[np.float32]) -> dict[str, float]:
        """One face's probabilities [k] by the names of the emotions, to four digits, as
        they are stored and shown."""
        return {
            emotion: round(float(p), 4)
            for emotion, p in zip(self.emotions, probabilities, strict=True)
        }

    @classmethod
    def load(cls, folder: Path) -> "Predictor":
        """The model in an artefact folder. Raises BadArtefact.

        Its sha256 is checked, and its answer to the golden faces of
        `ml/artefact/card.py`.
        Only `model.onnx` and `card.json` need to be there.
        """
        card = cards.verify(folder, names=[cards.MODEL])
        try:
            predictor = cls(open_session(folder / cards.MODEL), card)
            golden = predictor.predict(cards.golden_faces())
        except Exception as error:  # ONNX Runtime raises a dozen types of its own
            raise BadArtefact(f"{folder / cards.MODEL} cannot run: {error}") from error
        for answer, expected in card.golden.by_answer().items():
            _check_golden(card, golden.answers[answer], expected)
        return predictor

    def predict(self, faces: NDArray[np.float32]) -> Prediction:
        """faces float32 [n, 48, 48, 1], grey 0–255, any n (none as well)."""
        if len(faces):
            return predict(self._session, self._outputs, faces)
        none = np.zeros((0, len(self.emotions)), np.float32)
        return Prediction(dict.fromkeys(ANSWERS, none), none[:, None, None])


def predict(
    session: Any,
    outputs: Mapping[Answer, str],
    faces: NDArray[np.float32],
    batch: int = BATCH,
) -> Prediction:
    """What the network of an ONNX Runtime session, with `outputs_of` it, says of faces
    float32 [n, 48, 48, 1], grey 0–255, n at least 1."""
    names = ["evidence", *dict.fromkeys(outputs.values())]
    runs = [
        session.run(names, {"face": faces[start : start + batch]})
        for start in range(0, len(faces), batch)
    ]
    whole = runs[0] if len(runs) == 1 else map(np.concatenate, zip(*runs, strict=True))
    said = dict(zip(names, whole, strict=True))
    answers = {answer: said[name] for answer, name in outputs.items()}
    return Prediction(answers, said["evidence"])
