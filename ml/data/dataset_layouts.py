"""How well-known data sets say which expression a picture shows.

Each numbers the expressions in an order of its own, so a number means nothing until
somebody names the data set. Sources: the sets' own papers and read-me files.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from ml.data.arrays import BadData
from ml.data.emotion_words import OTHER
from ml.data.file_tree import Tree, TreeFile
from ml.emotions import EMOTIONS


def _numbered(first: int, words: str) -> dict[str, str]:
    return {str(number): word for number, word in enumerate(words.split(), first)}


FER2013 = _numbered(0, " ".join(EMOTIONS))
RAFDB = _numbered(1, "surprise fear disgust happy sad angry neutral")
# 7 is contempt, then none, uncertain, no face.
AFFECTNET = _numbered(0, "neutral happy sad surprise fear disgust angry") | {
    str(number): OTHER for number in (7, 8, 9, 10)
}
CKPLUS = _numbered(0, "neutral angry") | {"2": OTHER} | _numbered(3, "disgust fear")
CKPLUS |= _numbered(5, "happy sad surprise")
JAFFE = {
    "AN": "angry",
    "DI": "disgust",
    "FE": "fear",
    "HA": "happy",
    "NE": "neutral",
    "SA": "sad",
    "SU": "surprise",
}
# FER+'s ten columns; the last three are none of ours.
FERPLUS = ["neutral", "happy", "surprise", "sad", "angry", "disgust", "fear"] + [
    OTHER
] * 3
FERPLUS_MAJORITY = 5  # of ten votes


@dataclass(frozen=True)
class Layout:
    """`numbers`: what a picture's own folder means where it is a number. `read_lists`
    gives the expression, or OTHER, by `key` of a picture's file."""

    numbers: Mapping[str, str] = field(default_factory=dict)
    read_lists: Callable[[Tree], dict[str, str]] = lambda tree: {}
    key: Callable[[TreeFile], str] = lambda file: file.name.lower()


def named(name: str) -> Layout:
    """Raises BadData where nobody knows the name."""
    if name not in LAYOUTS:
        raise BadData(f"there is no layout {name!r}; known are {', '.join(LAYOUTS)}")
    return LAYOUTS[name]


def _rafdb(tree: Tree) -> dict[str, str]:
    """EmoLabel/list_patition_label.txt ("train_00001.jpg 5"), or train_labels.csv and
    test_labels.csv ("train_00001_aligned.jpg,5")."""
    found = {}
    for file in tree.files:
        name = file.name.lower()
        if re.fullmatch(r"list_par?tition_label\.txt|(train|test)_labels\.csv", name):
            for place, line in _lines(file):
                picture, _, number = line.replace(",", " ").strip().rpartition(" ")
                if number != "label":
                    key = _without_aligned(picture.strip().lower())
                    found[key] = _meaning(RAFDB, number, place)
    return found


def _without_aligned(name: str) -> str:
    return name.replace("_aligned.", ".")


def _affectnet(tree: Tree) -> dict[str, str]:
    """Manually_Annotated's training.csv and validation.csv, or NAME_exp.npy beside or
    apart from the pictures."""
    found = {}
    for file in tree.files:
        if file.suffix == ".csv":
            for place, row in _table(file):
                if "subDirectory_filePath" in row and "expression" in row:
                    key = _last_two(row["subDirectory_filePath"])
                    found[key] = _meaning(AFFECTNET, row["expression"], place)
        elif file.name.lower().endswith("_exp.npy"):
            number = np.load(io.BytesIO(file.read()), allow_pickle=False)
            stem = file.name.lower().removesuffix("_exp.npy")
            found[f"images/{stem}.jpg"] = _meaning(AFFECTNET, str(number), str(file))
    return found


def _last_two(path: str) -> str:
    return "/".join(path.replace("\\", "/").lower().split("/")[-2:])


def _ckplus(tree: Tree) -> dict[str, str]:
    """Emotion/S005/001/S005_001_00000011_emotion.txt, of the frame that it names."""
    return {
        file.name.lower().replace("_emotion.txt", ".png"): _meaning(
            CKPLUS, file.read().decode("ascii", "replace"), str(file)
        )
        for file in tree.files
        if file.name.lower().endswith("_emotion.txt")
    }


def _jaffe(tree: Tree) -> dict[str, str]:
    """KA.AN1.39.tiff: the second part of the name begins with the expression."""
    matches = {
        file.name.lower(): re.match(r"[A-Z]{2}\.([A-Z]{2})\d", file.name.upper())
        for file in tree.files
    }
    return {
        name: JAFFE[match[1]]
        for name, match in matches.items()
        if match and match[1] in JAFFE
    }


def _expw(tree: Tree) -> dict[str, str]:
    """label.lst: name, face, top, left, right, bottom, confidence, expression. With
    several faces a picture is OTHER, for nobody can say whose expression is meant."""
    found: dict[str, str] = {}
    for file in tree.files:
        if file.name.lower() == "label.lst":
            for place, line in _lines(file):
                name, *_rest, number = line.split()
                meaning = _meaning(FER2013, number, place)
                found[name.lower()] = OTHER if name.lower() in found else meaning
    return found


def _ferplus(tree: Tree) -> dict[str, str]:
    """FER2013Train/label.csv: name, box, ten votes. OTHER without a clear majority."""
    found = {}
    for file in tree.files:
        if file.name.lower() == "label.csv":
            for place, line in _lines(file):
                cells = next(csv.reader([re.sub(r"\([^)]*\)", "", line)]))
                try:
                    votes = [int(cell) for cell in cells if cell.strip().isdigit()]
                    assert len(votes) == len(FERPLUS)  # noqa: S101
                except AssertionError:
                    raise BadData(f"{place}: expected a name and ten votes") from None
                most = max(votes)
                is_clear = most >= FERPLUS_MAJORITY and votes.count(most) == 1
                found[cells[0].strip(' "').lower()] = (
                    FERPLUS[votes.index(most)] if is_clear else OTHER
                )
    return found


def _lines(file: TreeFile) -> Iterator[tuple[str, str]]:
    """Each line that is not empty, with its place in words."""
    text = file.read().decode("utf-8-sig", "replace")
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield f"{file}, line {number}", line


def _table(file: TreeFile) -> Iterator[tuple[str, dict[str, str]]]:
    text = file.read().decode("utf-8-sig", "replace")
    for number, row in enumerate(csv.DictReader(io.StringIO(text)), 2):
        yield f"{file}, line {number}", row


def _meaning(codes: Mapping[str, str], number: str, place: str) -> str:
    """Also of "3.0000000e+00", as CK+ has it. Raises BadData."""
    try:
        return codes[str(int(float(number)))]
    except (ValueError, KeyError, OverflowError):
        said = number.strip()[:20]
        raise BadData(f"{place}: {said!r} is no number of an expression") from None


LAYOUTS = {
    "fer2013": Layout(FER2013),
    "rafdb": Layout(RAFDB, _rafdb, lambda file: _without_aligned(file.name.lower())),
    "affectnet": Layout(
        AFFECTNET, _affectnet, lambda file: _last_two("/".join(file.parts))
    ),
    "ckplus": Layout(CKPLUS, _ckplus),
    "jaffe": Layout(read_lists=_jaffe),
    "expw": Layout(read_lists=_expw),
    "ferplus": Layout(read_lists=_ferplus),
}
