"""Which faces are found, by size and by turn, and what they are then taken for.

    FACE_DETECTOR=… PHOTOS=… python -m tests.bench.faces

Scenes are made of faces whose place is known: the photos of one person, and drawn ones.
Each is looked at once, as live pictures are, and searched, as photos are. Processor
time is of this process.
"""

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ml.artefact.predictor import Predictor
from ml.vision import decode, pipeline
from ml.vision.decode import Picture
from ml.vision.detector import Detector, load_detector
from ml.vision.face_crop import Box, Face
from ml.vision.pipeline import predict_faces
from tests.bench.parts import page
from tests.support.drawn_people import PEOPLE, portrait
from tests.support.real_data import FACE_DETECTOR, PHOTOS

MODEL = Path(__file__).resolve().parents[2] / "models" / "base"
SIDES = (16, 20, 24, 32, 48, 80, 160, 320)  # px in a scene of 1920 by 1440
SHARES = (0.5, 0.75, 0.9, 1.0, 1.1, 1.4)  # of the frame
TURNS = range(0, 360, 15)
SCENE = (1440, 1920)
GREY = (128, 128, 128)


@dataclass(frozen=True)
class Person:
    rgb: np.ndarray
    box: Box


@dataclass
class Count:
    faces: int = 0
    found: int = 0
    wrong: int = 0  # found where none is

    def add(self, truth: list[Box], found: list[Face]) -> None:
        matched = sum(any(_is_same(box, f.box) for f in found) for box in truth)
        self.faces += len(truth)
        self.found += matched
        self.wrong += len(found) - min(matched, len(found))

    def __str__(self) -> str:
        return f"{self.found} of {self.faces}" + (
            f", {self.wrong} false" if self.wrong else ""
        )


def main() -> None:
    if not (FACE_DETECTOR and PHOTOS):
        sys.exit("faces: set FACE_DETECTOR and PHOTOS.")
    detector, predictor = load_detector(FACE_DETECTOR), Predictor.load(MODEL)
    people = list(everybody(detector, PHOTOS))
    looks: dict[str, Callable[[np.ndarray], list[Face]]] = {
        "one look": detector.find,
        "search": lambda rgb: pipeline.find_faces(rgb, detector),
    }
    sizes = [by_size(people, looks, side) for side in SIDES]
    shares = [by_share(people, looks, share) for share in SHARES]
    photos = [by_photo(looks, name, n) for name, n in _photos(PHOTOS)]
    page.write_section(
        "faces",
        f"""## Finding faces

{len(people)} people, photographed or drawn, on {os.cpu_count()} cores
({platform.machine()}).

**Faces of a size**, in scenes of 1920×1440 pixels

{page.table(["side, px", *looks], sizes)}

**Faces that fill the frame**, cut by it above 1

{page.table(["share of the frame", *looks], shares)}

**Faces turned by any angle**, each against the answer for the same face upright

{
            page.table(
                ["", "faces", "found", "same", "not sure", "other"],
                [by_turn(people, detector, predictor)],
            )
        }

**Photos**: faces counted, and processor time, ms

{page.table(["photo", "faces", *looks, "one look, ms", "search, ms"], photos)}
""",
    )


def everybody(detector: Detector, photos: Path) -> Iterator[Person]:
    drawn = [portrait(name) for name in PEOPLE]
    read = [
        decode.decode((photos / name).read_bytes())
        for name, count in _photos(photos)
        if count == 1
    ]
    for rgb in [*read, *drawn]:
        yield Person(rgb, detector.find(rgb)[0].box)


def _photos(photos: Path) -> list[tuple[str, int]]:
    return list(json.loads((photos / "face_counts.json").read_text()).items())


def by_size(
    people: list[Person], looks: dict[str, Callable[..., list[Face]]], side: int
) -> list[str]:
    """One person a scene, at a place of chance, on a wall."""
    counts = {name: Count() for name in looks}
    dice = np.random.default_rng(side)
    for person in people:
        scale = side / max(person.box.w, person.box.h)
        around = _cut(person, 2.2)
        part, box = around.rgb, around.box
        small = decode.resize(
            part,
            max(1, round(part.shape[1] * scale)),
            max(1, round(part.shape[0] * scale)),
        )
        scene = np.full((*SCENE, 3), 150, np.uint8)
        scene += dice.integers(0, 12, scene.shape, np.uint8)
        h, w = small.shape[:2]
        top = int(dice.integers(0, max(1, SCENE[0] - h)))
        left = int(dice.integers(0, max(1, SCENE[1] - w)))
        scene[top : top + h, left : left + w] = small[: SCENE[0], : SCENE[1]]
        x, y, bw, bh = (v * scale for v in box)
        truth = [Box(x + left, y + top, bw, bh)]
        for name, look in looks.items():
            counts[name].add(truth, look(scene))
    return [str(side), *map(str, counts.values())]


def by_share(
    people: list[Person], looks: dict[str, Callable[..., list[Face]]], share: float
) -> list[str]:
    counts = {name: Count() for name in looks}
    for person in people:
        cut = _cut(person, 1 / share)
        for name, look in looks.items():
            counts[name].add([cut.box], look(cut.rgb))
    return [f"{share:g}", *map(str, counts.values())]


def _cut(person: Person, reach: float) -> Person:
    """The part of the picture around a face, `reach` times the face's side."""
    x, y, w, h = person.box
    side = reach * max(w, h)
    left, top = max(0, round(x + (w - side) / 2)), max(0, round(y + (h - side) / 2))
    part = person.rgb[top : top + round(side), left : left + round(side)]
    return Person(np.ascontiguousarray(part), Box(x - left, y - top, w, h))


def by_turn(
    people: list[Person], detector: Detector, predictor: Predictor
) -> list[str]:
    faces = found = same = unsure = 0
    for person in people:
        upright = _answer(decode.fit(person.rgb, 1000), detector, predictor)
        for angle in TURNS:
            rgb = _turned(decode.fit(person.rgb, 1000), angle)
            answer = _answer(rgb, detector, predictor)
            faces += 1
            found += answer is not None
            same += answer is not None and answer == upright
            unsure += answer == "not sure" != upright
    other = found - same - unsure
    share = f" ({(same + unsure) / faces:.0%} same or not sure)"
    return ["all", str(faces), str(found), f"{same}{share}", str(unsure), str(other)]


def _answer(rgb: np.ndarray, detector: Detector, predictor: Predictor) -> str | None:
    picture = Picture(rgb, rgb.shape[1], rgb.shape[0])
    seen = predict_faces(picture, predictor, detector)
    if not seen:
        return None
    best = float(seen[0].probabilities.max())
    if seen[0].doubt or best < predictor.card.certainty_threshold:
        return "not sure"
    return predictor.emotions[int(seen[0].probabilities.argmax())]


def _turned(rgb: np.ndarray, angle: float) -> np.ndarray:
    height, width = rgb.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    cos, sin = abs(turn[0, 0]), abs(turn[0, 1])
    size = round(height * sin + width * cos), round(height * cos + width * sin)
    turn[:, 2] += size[0] / 2 - width / 2, size[1] / 2 - height / 2
    return np.asarray(cv2.warpAffine(rgb, turn, size, borderValue=GREY), np.uint8)


def by_photo(
    looks: dict[str, Callable[..., list[Face]]], name: str, faces: int
) -> list[str]:
    assert PHOTOS is not None
    rgb = decode.load((PHOTOS / name).read_bytes()).rgb
    counts, times = [], []
    for look in looks.values():
        look(rgb)
        began = time.process_time()
        counts.append(str(len(look(rgb))))
        times.append(f"{1000 * (time.process_time() - began):.0f}")
    return [name, str(faces), *counts, *times]


def _is_same(a: Box, b: Box) -> bool:
    """Whether they share most of what they cover."""
    width = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    height = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    shared = max(0, width) * max(0, height)
    return shared > 0.4 * (a.w * a.h + b.w * b.h - shared)


if __name__ == "__main__":
    main()
