"""The champion at work: faces in, calibrated probabilities and evidence out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.artefact import card as cards
from ml.artefact.card import Card
from ml.artefact.onnx_session import open_session
from ml.errors import BadArtefact

# More faces than this in one run would only cost memory, not save time.
BATCH = 32


@dataclass(frozen=True)
class Prediction:
    probabilities: NDArray[np.float32]  # [n, k], rows sum to 1
    evidence: NDArray[np.float32]  # [n, h, w, k], class activation map


def evidence_map(evidence: NDArray[np.float32], winner: int) -> NDArray[np.uint8]:
    """What spoke for the winner more than for the others, 0–255, uint8 [h, w].

    `evidence`: one face's maps, float32 [h, w, k]; `winner`: an index below k. The
    softmax sees only differences between classes, so their mean is taken away.
    """
    speaks_for = np.clip(evidence[..., winner] - evidence.mean(axis=-1), 0, None)
    most = max(float(speaks_for.max()), 1e-6)
    return np.asarray(np.rint(speaks_for * (255 / most)), np.uint8)


class Predictor:
    """One network, loaded and proven. Thread-safe: requests share it."""

    def __init__(self, session: Any, card: Card) -> None:
        self._session = session
        self.card = card

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
            golden = predictor.predict(cards.golden_faces()).probabilities
        except BadArtefact:
            raise
        except Exception as error:  # ONNX Runtime raises a dozen types of its own
            raise BadArtefact(f"{folder / cards.MODEL} cannot run: {error}") from error
        expected = card.golden.probabilities
        widths = {golden.shape[1], len(card.emotions), *map(len, expected)}
        if len(golden) != len(expected) or len(widths) > 1:
            raise BadArtefact(f"{card.name} does not have the outputs of its card.")
        gap = np.abs(golden - np.asarray(expected, np.float32)).max()
        if float(gap) > cards.GOLDEN_TOLERANCE:
            raise BadArtefact(
                f"{card.name} does not see the golden faces as it should."
            )
        return predictor

    def predict(self, faces: NDArray[np.float32]) -> Prediction:
        """faces float32 [n, 48, 48, 1], grey 0–255, any n (none as well)."""
        outputs = ["probabilities", "evidence"]
        runs = [
            self._session.run(outputs, {"face": faces[start : start + BATCH]})
            for start in range(0, max(1, len(faces)), BATCH)
            if len(faces)
        ]
        if not runs:
            k = len(self.emotions)
            return Prediction(
                np.zeros((0, k), np.float32), np.zeros((0, 1, 1, k), np.float32)
            )
        if len(runs) == 1:
            return Prediction(*runs[0])
        return Prediction(*(np.concatenate(parts) for parts in zip(*runs, strict=True)))
