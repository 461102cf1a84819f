"""From a picture to its faces, whatever their size and turn, and what the model says of
each: the one way, for all.

One look of the detector, at a picture shrunk to 640 px, finds upright faces from 20 px
to three quarters of the frame. More looks follow only where there is reason to:

- *tiles*, where a large picture shows nothing, or something small;
- *padded*, where nothing is found, or a face fills the frame: with a border around it,
  a face is found that the frame cuts;
- *turned*, where nothing is found upright: a face that lies, or stands on its head;
- *around a face* that the detector is less than sure of: one that is turned scores
  higher once its surroundings are turned back.

Measured by `python -m tests.bench.faces`; docs/pictures.md has the figures.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ml.artefact.answers import Answer
from ml.artefact.predictor import Predictor
from ml.vision.decode import Picture, fit
from ml.vision.detector import Detector
from ml.vision.face_crop import (
    CROP_SIDE,
    Box,
    Doubt,
    Face,
    cut_out,
    doubt,
    to_network,
    turned_square,
)
from ml.vision.look_rules import LOOKS

LOOK_SIDE: int = LOOKS.look_side  # px, the detector's usual look
# px, the longer side of a picture that has more to show
LARGE: float = LOOKS.large * LOOK_SIDE
SMALL: int = LOOKS.small  # px in the usual look: where one is, smaller ones may be
# px; what is larger than the overlap was seen before
TILE, TILE_OVERLAP = LOOKS.tile, LOOKS.tile_overlap
PADDED_SIDE: int = LOOKS.padded_side  # px, of the picture within its border
BORDER, BORDER_GREY = LOOKS.border, LOOKS.border_grey
FILLS_FRAME: float = LOOKS.fills_frame  # of the shorter side
# at least, where the whole picture had to be turned
TURNED_SCORE: float = LOOKS.turned_score
SURE: float = LOOKS.sure  # upright photographs score above, most turned below
# Mean of that look and of one where all faces are of one size: 96 % of upright faces
# reach it, and of those turned by 45 degrees or more 1 %.
SURE_TWICE: float = LOOKS.sure_twice
GAIN: float = LOOKS.gain  # by which a turned look has to score higher
TURNS: list[int] = LOOKS.turns
PATCH_SIDE: int = LOOKS.patch_side  # px
PATCH_REACH: float = LOOKS.patch_reach  # in sides of the face
PATCH_AROUND: int = LOOKS.patch_around  # px: a patch turned by any angle lies within
# faces, the largest; more where one is turned
FIRST_CHECKED, MOST_CHECKED = LOOKS.first_checked, LOOKS.most_checked
OFF_MIDDLE = 0.25  # of a square's side, at most, for the face that it is of
MAX_OVERLAP: float = LOOKS.max_overlap  # of the smaller of two boxes

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class FacePrediction:
    box: Box  # in pixels of the upright photo
    score: float  # the detector's
    square: NDArray[np.uint8]  # the crop, [s, s, 3], s at most 256
    answers: dict[Answer, NDArray[np.float32]]  # each [k]
    evidence: NDArray[np.float32]  # [h, w, k]
    doubt: Doubt | None  # why not to trust the answer

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """[k] of the mix."""
        return self.answers["mix"]


def predict_faces(
    picture: Picture,
    predictor: Predictor,
    detector: Detector,
    *,
    is_one_look: bool = False,
    on_step: Callable[[str], object] = lambda step: None,
) -> list[FacePrediction]:
    """Every face, the largest first; of a film's frame, what one look finds. `on_step`
    is called with "detect", "classify"."""
    find = detector.find if is_one_look else partial(find_faces, detector=detector)
    found = find(picture.rgb)
    on_step("detect")
    if not found:
        return []
    squares = [cut_out(picture.rgb, face) for face in found]
    predicted = predictor.predict(np.stack([to_network(square) for square in squares]))
    on_step("classify")
    scale = picture.scale
    return [
        FacePrediction(
            Box(*(side * scale for side in face.box)),
            face.score,
            square,
            {answer: p[number] for answer, p in predicted.answers.items()},
            predicted.evidence[number],
            doubt(face, square),
        )
        for number, (face, square) in enumerate(zip(found, squares, strict=True))
    ]


def predict_square(
    picture: Picture, predictor: Predictor, detector: Detector
) -> FacePrediction | None:
    """The face of a square that was cut out elsewhere; None where it is no square, or
    none is in its middle. Not cut anew: so close around a face the detector's box is
    another one."""
    height, width = picture.rgb.shape[:2]
    around = [
        face
        for face in find_faces(picture.rgb, detector)
        if _is_of_square(face, width, height)
    ]
    if not around or height != width:
        return None
    square = fit(picture.rgb, CROP_SIDE)
    predicted = predictor.predict(to_network(square)[None])
    return FacePrediction(
        Box(0, 0, picture.width, picture.height),
        around[0].score,
        square,
        {answer: p[0] for answer, p in predicted.answers.items()},
        predicted.evidence[0],
        doubt(around[0], square),
    )


def _is_of_square(face: Face, width: int, height: int) -> bool:
    x, y, w, h = face.box
    off = max(abs(x + w / 2 - width / 2) / width, abs(y + h / 2 - height / 2) / height)
    return off < OFF_MIDDLE


def find_faces(rgb: Image, detector: Detector) -> list[Face]:
    """Faces in uint8 [h, w, 3], in its pixels, the largest first."""
    found = detector.find(rgb)
    if _has_more_to_show(rgb, found):
        found = _merge(found, _in_tiles(rgb, detector))
    if not found or _side(found[0]) > FILLS_FRAME * min(rgb.shape[:2]):
        found = _merge(found, _padded(rgb, detector))
    if not found:
        found = _merge(_turned(rgb, detector))
    if not detector.knows_roll:
        return found
    checked = [_upright(rgb, face, detector) for face in found[:FIRST_CHECKED]]
    if checked != found[:FIRST_CHECKED]:  # perhaps the whole picture lies
        more = found[FIRST_CHECKED:MOST_CHECKED]
        checked += [_upright(rgb, face, detector) for face in more]
    return [*checked, *found[len(checked) :]]


def _has_more_to_show(rgb: Image, found: list[Face]) -> bool:
    longer = max(rgb.shape[:2])
    if longer <= LARGE:
        return False
    return not found or _side(found[-1]) * LOOK_SIDE / longer < SMALL


def _side(face: Face) -> float:
    return max(face.box.w, face.box.h)


def _merge(*looks: list[Face]) -> list[Face]:
    """Of boxes that are about the same place the surest, the largest first."""
    kept: list[Face] = []
    for face in sorted(itertools.chain(*looks), key=lambda face: -face.score):
        if all(_overlap(face.box, other.box) < MAX_OVERLAP for other in kept):
            kept.append(face)
    return sorted(kept, key=lambda face: -face.box.w * face.box.h)


def _overlap(a: Box, b: Box) -> float:
    """Share of the smaller one that lies in the other."""
    width = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    height = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    return max(0, width) * max(0, height) / max(1e-9, min(a.w * a.h, b.w * b.h))


def _in_tiles(rgb: Image, detector: Detector) -> list[Face]:
    """The small ones."""
    height, width = rgb.shape[:2]
    return [
        _moved(face, left, top)
        for top in _starts(height)
        for left in _starts(width)
        for face in detector.find(rgb[top : top + TILE, left : left + TILE])
        if _side(face) < TILE_OVERLAP
    ]


def _starts(length: int) -> list[int]:
    """Where tiles begin, evenly, overlapping by TILE_OVERLAP at least."""
    count = max(1, math.ceil((length - TILE_OVERLAP) / (TILE - TILE_OVERLAP)))
    return [round(at) for at in np.linspace(0, max(0, length - TILE), count)]


def _moved(face: Face, x: float, y: float, scale: float = 1.0) -> Face:
    """In a picture `scale` times as large, in which (x, y) is the former corner."""
    box = Box(*(side * scale for side in face.box))
    return replace(face, box=box._replace(x=box.x + x, y=box.y + y))


def _padded(rgb: Image, detector: Detector, *, quarters: int = 0) -> list[Face]:
    small = fit(rgb, PADDED_SIDE)
    height, width = small.shape[:2]
    size = height + 2 * BORDER, width + 2 * BORDER, 3
    framed = np.full(size, BORDER_GREY, np.uint8)
    framed[BORDER:-BORDER, BORDER:-BORDER] = small
    scale = max(rgb.shape[:2]) / max(height, width)
    found = _find_turned(framed, detector, quarters)
    return [_moved(face, -BORDER * scale, -BORDER * scale, scale) for face in found]


def _turned(rgb: Image, detector: Detector) -> list[Face]:
    """Faces of the picture lying on either side, and on its head."""
    small = fit(rgb, LOOK_SIDE)
    scale = max(rgb.shape[:2]) / max(small.shape[:2])
    found = []
    for quarters in (1, 2, 3):
        whole = _find_turned(small, detector, quarters)
        found += [_moved(face, 0, 0, scale) for face in whole]
        found += _padded(rgb, detector, quarters=quarters)
    return [face for face in found if face.score >= TURNED_SCORE]


def _find_turned(rgb: Image, detector: Detector, quarters: int) -> list[Face]:
    """What is found in the picture turned counter-clockwise, where it lies in `rgb`."""
    height, width = rgb.shape[:2]
    found = detector.find(np.ascontiguousarray(np.rot90(rgb, quarters)))
    return [_turned_back(face, quarters, width, height) for face in found]


def _turned_back(face: Face, quarters: int, width: int, height: int) -> Face:
    x, y, w, h = face.box
    box = (
        face.box,
        Box(width - y - h, x, h, w),
        Box(width - x - w, height - y - h, w, h),
        Box(y, height - x - w, h, w),
    )[quarters]
    return replace(face, box=box, roll=_degrees(face.roll + 90 * quarters))


def _degrees(angle: float) -> float:
    """Within -180 and 180."""
    return (angle + 180) % 360 - 180


def _upright(rgb: Image, face: Face, detector: Detector) -> Face:
    """The same face with its true roll, where turning its surroundings shows one."""
    if face.score >= SURE:
        return face
    x, y = _middle(face.box)
    scale = PATCH_REACH * _side(face) / PATCH_SIDE
    around = turned_square(rgb, x, y, PATCH_AROUND * scale, roll=0, pixels=PATCH_AROUND)
    base = round(face.roll / 90) * 90
    upright = _in_patch(around, detector, base)
    if upright and (face.score + upright.score) / 2 >= SURE_TWICE:  # it was only small
        return face
    score = max(face.score, upright.score if upright else 0)
    looks = (_in_patch(around, detector, base + turn) for turn in TURNS)
    best = max(filter(None, looks), key=lambda seen: seen.score, default=None)
    if best is None or best.score < score + GAIN:
        return face
    corner = PATCH_AROUND / 2 * scale
    return _moved(best, x - corner, y - corner, scale)


def _in_patch(around: Image, detector: Detector, angle: float) -> Face | None:
    """The face in the middle of its surroundings, where it lies in them; the detector
    sees them turned counter-clockwise."""
    middle = PATCH_AROUND / 2
    patch = turned_square(
        around, middle, middle, PATCH_SIDE, roll=angle, pixels=PATCH_SIDE
    )
    near = [seen for seen in detector.find(patch) if _is_in_the_middle(seen.box)]
    if not near:
        return None
    seen = max(near, key=lambda seen: seen.score)
    _x, _y, w, h = seen.box
    dx, dy = (at - PATCH_SIDE / 2 for at in _middle(seen.box))
    turn = math.radians(angle)
    x = middle + dx * math.cos(turn) - dy * math.sin(turn)
    y = middle + dx * math.sin(turn) + dy * math.cos(turn)
    roll = _degrees(angle + seen.roll)
    return replace(seen, box=Box(x - w / 2, y - h / 2, w, h), roll=roll)


def _middle(box: Box) -> tuple[float, float]:
    return box.x + box.w / 2, box.y + box.h / 2


def _is_in_the_middle(box: Box) -> bool:
    middle, reach = PATCH_SIDE / 2, PATCH_SIDE / PATCH_REACH / 2
    x, y = _middle(box)
    return abs(x - middle) < reach and abs(y - middle) < reach
