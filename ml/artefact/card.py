"""card.json: what an artefact is, and the proof that it is whole.

An artefact is a folder: `model.onnx` (what serves), `model.keras` (what a warm start
continues from), `card.json`, and perhaps a report. The card is written last, so a
folder that has one is complete.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, ValidationError

from ml.artefact.answers import OUTPUTS, Answer, outputs_of
from ml.artefact.figures import SplitFigures
from ml.artefact.onnx_session import open_session
from ml.errors import BadArtefact, first_problem
from ml.json_model import JsonModel

CARD = "card.json"
MODEL = "model.onnx"

# How far a probability for a golden face may lie from the card's. Processors without
# VNNI saturate int8 products a little differently; a damaged or swapped network is
# off by far more.
GOLDEN_TOLERANCE = 0.06


GoldenRows = tuple[tuple[float, ...], ...]


class Golden(JsonModel):
    """What the network says of the golden faces, one row a face."""

    faces: str  # sha256 of their pixels
    probabilities: GoldenRows
    label_probabilities: GoldenRows = ()  # of two heads, as the next
    rater_probabilities: GoldenRows = ()

    def by_answer(self) -> dict[Answer, GoldenRows]:
        """Of the answers that the network has."""
        rows: dict[Answer, GoldenRows] = {
            answer: getattr(self, output) for answer, output in OUTPUTS.items()
        }
        return {
            answer: said for answer, said in rows.items() if said or answer == "mix"
        }


class CleaningCounts(JsonModel):
    """Of FER-2013's Training rows: how many each switch took out, and what was left."""

    training_rows: int = 0
    other_emotions: int = 0
    leaked: int = 0
    blank: int = 0
    conflicting: int = 0
    duplicates: int = 0
    non_faces: int = 0
    undetected: int = 0
    kept: int = 0
    contradicted: int = 0
    tune: int = 0
    train: int = 0


class Fer2013Facts(JsonModel):
    """Which FER-2013 it was, by sha256, and how many of its rows were trained on."""

    sha256: str = ""
    rows: int = 0


class FolderFacts(JsonModel):
    """What an extra folder of labelled pictures gave."""

    rows: int = 0
    without_face: int = 0
    broken: int = 0
    left_out: dict[str, int] = {}  # by reason, all of them; newer cards only


class DataFacts(JsonModel):
    """What a network learned from. `hash` and `rows` are the snapshot's; without one
    `hash` is FER-2013's. `warm_start` and `teachers` name other versions."""

    rows: int | None = None
    contributions: int | None = None
    cleaning: CleaningCounts = CleaningCounts()
    fer2013: Fer2013Facts = Fer2013Facts()
    hash: str | None = None
    extra: Mapping[str, FolderFacts] = {}  # by the folder's name
    warm_start: str | None = None
    teachers: tuple[str, ...] = ()


class AnswerFacts(JsonModel):
    """How one answer of a network is calibrated, and how good it is on each split."""

    temperature: float = 1.0
    certainty_threshold: float = 0.5
    metrics: Mapping[str, SplitFigures] = {}


Knob = bool | int | float | str | list[str] | None  # a value of ml/config.py's Config


class Card(JsonModel):
    """card.json. Names of files lead to their sha256, knobs of the configuration to
    their values, names of splits to the figures on them."""

    model_config = ConfigDict(extra="ignore")

    name: str
    emotions: tuple[str, ...]  # in the order of the network's outputs
    files: Mapping[str, str]  # name -> sha256
    created: str  # ISO 8601, UTC
    golden: Golden
    snapshot: DataFacts = DataFacts()
    config: Mapping[str, Knob] = {}
    seeds: Mapping[str, int] = {}
    packages: Mapping[str, str] = {}
    metrics: Mapping[str, SplitFigures] = {}  # split -> figures
    params: int = 0
    multiply_adds: int = 0
    temperature: float = 1.0
    certainty_threshold: float = 0.5  # a winner below it is "hard to say"
    answers: Mapping[Answer, AnswerFacts] = {}  # "label" and "raters", of two heads
    format: Literal[1]

    def of(self, answer: Answer) -> AnswerFacts:
        """What there is to know of one answer; of a network with one head, the same of
        each."""
        mix = AnswerFacts(
            temperature=self.temperature,
            certainty_threshold=self.certainty_threshold,
            metrics=self.metrics,
        )
        return self.answers.get(answer, mix)

    def to_json(self) -> dict[str, object]:
        """All of a card; of its parts, what was given, and of one head no answers."""
        fields = {name: value for name, value in self if value or name != "answers"}
        whole = self.model_copy(update=fields)
        return super(Card, whole).to_json()

    def metrics_json(self) -> dict[str, object]:
        return {split: figures.to_json() for split, figures in self.metrics.items()}

    def as_json(self) -> str:
        return json.dumps(self.to_json(), indent=1, ensure_ascii=False)


class StoredCard(Card):
    """As a version's row keeps it. Cards may come from elsewhere: what is not there, or
    is odd, is empty."""

    name: str = ""
    emotions: tuple[str, ...] = ()
    files: Mapping[str, str] = {}
    created: str = ""
    golden: Golden = Golden(faces="", probabilities=())
    certainty_threshold: float = 0.0
    format: Literal[1] = 1

    def figures(self, answer: Answer = "mix") -> SplitFigures:
        """PublicTest's, or else Tune's; never PrivateTest's."""
        nothing, metrics = SplitFigures(), self.of(answer).metrics
        known = [metrics.get(split, nothing) for split in ("public", "tune")]
        return next((figures for figures in known if figures != nothing), nothing)


def write(
    folder: Path,
    *,
    name: str,
    emotions: Sequence[str],
    created: datetime | None = None,
    **knowledge: object,
) -> Card:
    """Seal a folder that holds `model.onnx`: hash its files, write the card last.

    `knowledge`: any other field of `Card` (snapshot, config, seeds, packages, metrics,
    params, multiply_adds, temperature, certainty_threshold, answers).
    """
    facts = {
        "name": name,
        "emotions": [str(emotion) for emotion in emotions],
        "files": {
            path.name: sha256(path)
            for path in sorted(folder.iterdir())
            if path.is_file() and path.name != CARD and path.suffix != ".part"
        },
        "created": (created or datetime.now(UTC)).isoformat(timespec="seconds"),
        "golden": {
            "faces": hashlib.sha256(golden_faces().tobytes()).hexdigest(),
            **golden_probabilities(folder / MODEL),
        },
        "format": 1,
    }
    if unknown := knowledge.keys() - Card.model_fields.keys():
        raise TypeError(f"a card has no {', '.join(unknown)}")
    card = Card.model_validate(facts | knowledge)
    part = folder / f"{CARD}.part"
    part.write_text(card.as_json() + "\n")
    part.replace(folder / CARD)
    return card


def read(folder: Path) -> Card:
    """The card of an artefact. Raises BadArtefact."""
    try:
        content = json.loads((folder / CARD).read_bytes())
    except FileNotFoundError:
        raise BadArtefact(f"{folder} holds no {CARD}: not a complete model.") from None
    except (OSError, ValueError) as error:
        raise BadArtefact(f"{folder / CARD} cannot be read: {error}.") from error
    return parse(content)


def parse(content: object) -> Card:
    """A card from the object that its JSON holds. Raises BadArtefact, which names the
    field that is wrong."""
    try:
        return Card.model_validate(content)
    except ValidationError as error:
        raise BadArtefact(f"{CARD}: {first_problem(error)}.") from error


def verify(folder: Path, *, names: Sequence[str] | None = None) -> Card:
    """The card, once the files (or those in `names`) are the ones it was made for.

    Raises BadArtefact.
    """
    card = read(folder)
    for name in card.files if names is None else names:
        if name not in card.files:
            raise BadArtefact(f"The card of {card.name} knows no {name}.")
        path = folder / name
        if not path.is_file():
            raise BadArtefact(f"{path} is missing.")
        if sha256(path) != card.files[name]:
            raise BadArtefact(f"{path} is damaged: its sha256 is not the card's.")
    return card


def sha256(path: Path) -> str:
    """Of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def golden_faces() -> NDArray[np.float32]:
    """Four synthetic faces float32 [4, 48, 48, 1], grey 0–255.

    Drawn by formula and rounded to whole greys, so that every machine draws the same:
    an oval on a slope of light, two eyes, and a mouth that bends from face to face.
    Their probabilities in the card prove that a runtime computes what was trained.
    """
    y, x = np.mgrid[0:48, 0:48] / 47.0 * 2 - 1
    faces = []
    for bend, light in ((-0.6, 30), (-0.1, -20), (0.3, 10), (0.7, -35)):
        face = 90 + light * x
        face = face + 100 * (x**2 / 0.62 + y**2 / 0.9 < 1)
        for eye in (-0.34, 0.34):
            face = face - 90 * ((x - eye) ** 2 / 0.018 + (y + 0.22) ** 2 / 0.01 < 1)
        mouth = 0.45 + bend * (0.12 - x**2)
        face = face - 80 * ((np.abs(y - mouth) < 0.07) & (np.abs(x) < 0.42))
        faces.append(np.clip(np.rint(face), 0, 255))
    return np.asarray(faces, dtype=np.float32)[..., None]


def golden_probabilities(model: Path) -> dict[str, list[list[float]]]:
    """What the network at `model` says of the golden faces, by its outputs' names."""
    session = open_session(model)
    names = list(dict.fromkeys(outputs_of(session).values()))
    said = session.run(names, {"face": golden_faces()})
    return {
        name: [[round(float(p), 5) for p in row] for row in rows]
        for name, rows in zip(names, said, strict=True)
    }
