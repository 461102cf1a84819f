"""card.json: what an artefact is, and the proof that it is whole.

An artefact is a folder: `model.onnx` (what serves), `model.keras` (what a warm start
continues from), `card.json`, and perhaps a report. The card is written last, so a
folder that has one is complete.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.artefact.onnx_session import open_session
from ml.errors import BadArtefact

FORMAT = 1
CARD = "card.json"
MODEL = "model.onnx"

# How far a probability for a golden face may lie from the card's. Processors without
# VNNI saturate int8 products a little differently; a damaged or swapped network is
# off by far more.
GOLDEN_TOLERANCE = 0.06


@dataclass(frozen=True)
class Card:
    name: str
    emotions: tuple[str, ...]  # in the order of the network's outputs
    files: Mapping[str, str]  # name -> sha256
    created: str  # ISO 8601, UTC
    golden: Mapping[str, Any]  # {"faces": sha256, "probabilities": [[…], …]}
    snapshot: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    seeds: Mapping[str, int] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)  # split -> figures
    params: int = 0
    multiply_adds: int = 0
    temperature: float = 1.0
    certainty_threshold: float = 0.5  # a winner below it is "hard to say"
    format: int = FORMAT

    def as_json(self) -> str:
        return json.dumps(asdict(self), indent=1, ensure_ascii=False, default=str)


def write(
    folder: Path,
    *,
    name: str,
    emotions: Sequence[str],
    created: datetime | None = None,
    **knowledge: Any,
) -> Card:
    """Seal a folder that holds `model.onnx`: hash its files, write the card last.

    `knowledge`: any other field of `Card` (snapshot, config, seeds, packages, metrics,
    params, multiply_adds, temperature, certainty_threshold).
    """
    card = Card(
        name=name,
        emotions=tuple(str(emotion) for emotion in emotions),
        files={
            path.name: sha256(path)
            for path in sorted(folder.iterdir())
            if path.is_file() and path.name != CARD and path.suffix != ".part"
        },
        created=(created or datetime.now(UTC)).isoformat(timespec="seconds"),
        golden={
            "faces": hashlib.sha256(golden_faces().tobytes()).hexdigest(),
            "probabilities": golden_probabilities(folder / MODEL),
        },
        **knowledge,
    )
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


def parse(content: Any) -> Card:
    """A card from the object that its JSON holds. Raises BadArtefact."""
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise BadArtefact(f"The card is not of format {FORMAT}.")
    known = {item.name for item in fields(Card)}
    try:
        card = Card(**{key: content[key] for key in content if key in known})
    except TypeError as error:
        raise BadArtefact(f"The card is incomplete: {error}.") from error
    return Card(**{**vars(card), "emotions": tuple(card.emotions)})


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


def golden_probabilities(model: Path) -> list[list[float]]:
    """What the network at `model` says of the golden faces."""
    session = open_session(model)
    (probabilities,) = session.run(["probabilities"], {"face": golden_faces()})
    return [[round(float(p), 5) for p in row] for row in probabilities]
