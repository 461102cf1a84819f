"""Pictures of one person in one sitting, as a webcam gives them: another expression in
each, and never quite the same place, size, turn or light.

Three sorts. Photographs of one woman who shows several expressions; drawn portraits
with other mouths, brows and eyes; and photographs of many people in which mouth and
brows are moved as far as an expression moves them (a film's frames, a second apart).
"""

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.vision import decode, face_crop
from ml.vision.face_crop import Box
from ml.vision.yunet import YuNet
from tests.support.drawn_people import PEOPLE, SCALE, draw_person

Grey = NDArray[np.uint8]
Rgb = NDArray[np.uint8]
Dice = np.random.Generator
Pairs = Iterator[tuple[Grey, Grey]]

SITTER = "emo_a*.jpg"  # one person, a photo for each expression
ALIKE = {"emo_a1", "emo_a2", "emo_a3"}  # all three neutral
ROUNDS = 12  # shots of each pair of photos
SMALLEST = 64  # px: what a webcam gives is larger

DRAWN = {  # smile, mouth_open, brow, eye_open
    "happy": (0.7, 0.3, -0.1, 1.2),
    "surprise": (-0.2, 0.5, 0.0, 1.4),
    "neutral": (0.05, 0.0, -0.12, 1.2),
    "sad": (-0.4, 0.0, 0.15, 0.9),
    "angry": (-0.35, 0.0, -0.28, 1.0),
    "fear": (-0.2, 0.25, 0.15, 1.4),
}


class Move(NamedTuple):
    """How far parts of a face go, in distances between the eyes."""

    corners_down: float = 0
    corners_out: float = 0
    lip_down: float = 0
    brows_down: float = 0  # in their middle
    inner_brows_down: float = 0


MOVES = (
    Move(),
    Move(corners_down=-0.14, corners_out=0.1),  # a smile
    Move(corners_down=0.12, inner_brows_down=-0.1),  # sad
    Move(corners_down=0.05, corners_out=-0.08, inner_brows_down=0.12),  # angry
    Move(lip_down=0.22, brows_down=-0.12),  # surprise
)


def photographed(photos: Path, detector: YuNet, dice: Dice) -> Pairs:
    faces = []
    for path in sorted(photos.glob(SITTER)):
        rgb = decode.decode(path.read_bytes())
        faces.append((path.stem, rgb, detector.find(rgb)[0].box))
    for (name, *one), (other, *two) in itertools.combinations(faces, 2):
        if not {name, other} <= ALIKE:
            for _round in range(ROUNDS):
                yield _shot(*one, dice), _shot(*two, dice)


def drawn(_photos: Path, detector: YuNet, dice: Dice) -> Pairs:
    for person in PEOPLE:
        tries = [_drawn(person, name, detector, dice) for name in DRAWN]
        yield from itertools.combinations([one for one in tries if one is not None], 2)


def filmed(photos: Path, detector: YuNet, dice: Dice) -> Pairs:
    for grey in crops(photos, detector):
        found = detector.detect(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB))
        if len(grey) >= SMALLEST and len(found):
            marks = found[0][4:14].reshape(5, 2).astype(float)
            frames = [_frame(_moved(grey, marks, move), dice) for move in MOVES]
            yield from itertools.combinations(frames, 2)


SORTS: dict[str, Callable[[Path, YuNet, Dice], Pairs]] = {
    "photographed": photographed,
    "drawn": drawn,
    "filmed": filmed,
}


def crops(photos: Path, detector: YuNet) -> Iterator[Grey]:
    """Every face of every photo, as the site cuts it."""
    for path in sorted(photos.iterdir()):
        if path.suffix in {".jpg", ".png"}:
            rgb = decode.decode(path.read_bytes())
            for face in detector.find(rgb):
                yield grey_of(face_crop.crop(rgb, face.box))


def grey_of(rgb: Rgb) -> Grey:
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)


def _shot(rgb: Rgb, box: Box, dice: Dice) -> Grey:
    """Cut as if the person had moved a little."""
    scale = dice.uniform(0.95, 1.05)
    x, y = dice.uniform(-0.04, 0.04, 2) * box.w
    w, h = box.w * scale, box.h * scale
    moved = Box(box.x + x - (w - box.w) / 2, box.y + y - (h - box.h) / 2, w, h)
    return _frame(grey_of(face_crop.crop(rgb, moved)), dice, shift=0, scale=0)


def _frame(face: Grey, dice: Dice, *, shift: float = 0.03, scale: float = 0.04) -> Grey:
    """A little elsewhere, turned, larger or smaller (shares of the side), in another
    light, with noise of its own and as a JPEG of quality 80–95."""
    side = len(face)
    middle, size = (side / 2, side / 2), 1 + dice.uniform(-scale, scale)
    turn = cv2.getRotationMatrix2D(middle, dice.uniform(-2, 2), size)
    turn[:, 2] += dice.uniform(-shift, shift, 2) * side
    moved = cv2.warpAffine(face, turn, (side, side), borderMode=cv2.BORDER_REFLECT_101)
    light = 255 * (moved / 255) ** dice.uniform(0.9, 1.1) * dice.uniform(0.93, 1.05)
    light = light + dice.normal(0, dice.uniform(1, 4), moved.shape)
    seen = np.clip(light, 0, 255).astype(np.uint8)
    jpeg = decode.encode_jpeg(seen, quality=int(dice.integers(80, 96)))
    grey = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    return np.asarray(grey, np.uint8)


def _drawn(person: str, name: str, detector: YuNet, dice: Dice) -> Grey | None:
    smile, mouth_open, brow, eye_open = DRAWN[name]
    look = dataclasses.replace(
        PEOPLE[person], smile=smile, mouth_open=mouth_open, brow=brow, eye_open=eye_open
    )
    picture = Image.new("RGB", (480 * SCALE, 480 * SCALE), (204, 198, 188))
    x, y = 240 * SCALE + dice.uniform(-20, 20, 2)
    draw_person(picture, x, y, dice.uniform(90, 100) * SCALE, look)
    rgb = np.asarray(picture.resize((480, 480), Image.Resampling.LANCZOS), np.uint8)
    found = detector.find(rgb)
    if not found:
        return None
    return _frame(grey_of(face_crop.crop(rgb, found[0].box)), dice, shift=0)


def _moved(face: Grey, marks: NDArray[np.float64], move: Move) -> Grey:
    """The face warped smoothly around mouth and brows; `marks`: YuNet's landmarks."""
    rows, columns = np.mgrid[0 : len(face), 0 : len(face)].astype(np.float32)
    from_x, from_y = columns.copy(), rows.copy()
    eyes = float(np.hypot(*(marks[1] - marks[0])))
    for (x, y), (dx, dy), reach in _pulls(marks, move, eyes):
        far = (columns - x) ** 2 + (rows - y) ** 2
        near = np.exp(-far / 2 / (reach * eyes) ** 2).astype(np.float32)
        from_x -= near * np.float32(dx * eyes)
        from_y -= near * np.float32(dy * eyes)
    edge = cv2.BORDER_REFLECT_101
    return np.asarray(
        cv2.remap(face, from_x, from_y, cv2.INTER_LINEAR, borderMode=edge), np.uint8
    )


def _pulls(
    marks: NDArray[np.float64], move: Move, eyes: float
) -> list[tuple[NDArray[np.float64], NDArray[np.float64], float]]:
    """What is pulled at, which way, and how far around it the skin follows."""
    right_eye, left_eye, _nose, right_corner, left_corner = marks
    out = (left_eye - right_eye) / eyes
    down = np.array([-out[1], out[0]])
    lip = (right_corner + left_corner) / 2 + 0.16 * eyes * down
    right_brow, left_brow = (
        right_eye - 0.26 * eyes * down,
        left_eye - 0.26 * eyes * down,
    )
    inner = 0.28 * eyes * out
    return [
        (right_corner, move.corners_down * down - move.corners_out * out, 0.2),
        (left_corner, move.corners_down * down + move.corners_out * out, 0.2),
        (lip, move.lip_down * down, 0.22),
        (right_brow, move.brows_down * down, 0.26),
        (left_brow, move.brows_down * down, 0.26),
        (right_brow + inner, move.inner_brows_down * down, 0.18),
        (left_brow - inner, move.inner_brows_down * down, 0.18),
    ]
