"""Slices of an exam by what the picture is like: is the model worse on some pictures?

Measured on the pixels alone. Nothing here says, or guesses, who a person is.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from ml.artefact.figures import ImageSlice, Interval, Share
from ml.data.arrays import Bytes, Floats, Ints, Mask
from ml.evaluation import metrics
from ml.vision import face_crop
from ml.vision.detector import Detector
from ml.vision.face_crop import Face

# About the last tenth of PublicTest in each respect (sizes apart: there all are 48).
SMALL = 96  # px of the crop
BLURRED, DARK, BRIGHT, FLAT = 0.2, 92.0, 177.0, 30.0  # see `face_crop.Quality`
TILTED, TURNED = 9.0, 0.25  # degrees of roll; yaw as in `face_crop.Face`
LEAST = 30  # faces in a slice, and in its rest, to say something about it

ENLARGED, AROUND = 144, 48  # px: what the detector is shown, and its mirrored margin
EDGE, LEAST_EDGE = 20, 4  # rows that may be reflected, and how many count
ALIKE, PLAIN = 0.1, 6.0  # of their spread of grey; a spread that says nothing


def masks(pixels: Bytes, sides: Ints, poses: Floats | None) -> dict[str, Mask]:
    """Which faces each slice has. pixels uint8 [n, 48, 48]; sides int64 [n], px of the
    crops as they were given; poses float32 [n, 2] of roll and yaw, NaN where they are
    not known. Slices too small to speak of are left out."""
    quality = [face_crop.measure(face) for face in pixels]
    sharpness = np.array([q.sharpness for q in quality])
    light = np.array([q.brightness for q in quality])
    found = {
        "small": sides < SMALL,
        "blurred": sharpness < BLURRED,
        "dark": light < DARK,
        "bright": light > BRIGHT,
        "flat": np.array([q.contrast for q in quality]) < FLAT,
        "cut_off": np.array([is_cut_off(face) for face in pixels], bool),
    }
    if poses is not None:
        with np.errstate(invalid="ignore"):
            found |= {
                "tilted": np.abs(poses[:, 0]) >= TILTED,
                "turned": np.abs(poses[:, 1]) >= TURNED,
            }
    n = len(pixels)
    return {
        name: here for name, here in found.items() if LEAST <= here.sum() <= n - LEAST
    }


def is_cut_off(face: Bytes) -> bool:
    """Whether the picture ended within the crop of uint8 [s, s]: what lay outside is
    its reflection (`face_crop.crop`)."""
    return any(_is_mirrored(np.rot90(face, turn)) for turn in range(4))


def _is_mirrored(face: Bytes) -> bool:
    """At the upper edge; the axis lies on a row, or between two."""
    rows = face.astype(np.float32)
    for depth in range(LEAST_EDGE, EDGE + 1):
        outside = rows[:depth]
        spread = max(float(outside.std()), PLAIN)  # a wall is its own reflection
        for first in (depth, depth + 1):
            inside = rows[first : first + depth][::-1]
            if np.abs(outside - inside).mean() < ALIKE * spread:
                return bool(outside.std() > PLAIN)
    return False


def poses(pixels: Bytes, detector: Detector, cache: Path | None) -> Floats:
    """float32 [n, 2]: roll and yaw of uint8 [n, 48, 48], NaN where the detector finds
    no face. A hundredth of a second each, so they are kept in the folder `cache`."""
    name = f"poses-{hashlib.sha256(pixels.tobytes()).hexdigest()[:16]}.npy"
    kept = cache / name if cache else None
    if kept and kept.is_file():
        return np.asarray(np.load(kept), np.float32)
    found = np.array(list(_poses(pixels, detector)), np.float32).reshape(-1, 2)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_name(f"part-{name}")
        np.save(part, found)
        part.replace(kept)
    return found


def _poses(pixels: Bytes, detector: Detector) -> Iterator[tuple[float, float]]:
    for face in pixels:
        large = cv2.resize(face, (ENLARGED,) * 2, interpolation=cv2.INTER_CUBIC)
        framed = cv2.copyMakeBorder(large, *(AROUND,) * 4, cv2.BORDER_REFLECT_101)
        rgb = np.repeat(framed[..., None], 3, axis=2).astype(np.uint8)
        middle = [one for one in detector.find(rgb) if _is_in_the_middle(one)]
        yield (middle[0].roll, middle[0].yaw) if middle else (np.nan, np.nan)


def _is_in_the_middle(face: Face) -> bool:
    centre, box = AROUND + ENLARGED / 2, face.box
    off = max(abs(box.x + box.w / 2 - centre), abs(box.y + box.h / 2 - centre))
    return off < ENLARGED / 4


def figures(right: Mask, slices: Mapping[str, Mask]) -> dict[str, ImageSlice]:
    """How often a model is right on each slice and on the rest of the exam, and the
    difference between the two. `right` [n]: whether it was on each face."""
    return {name: _figure(right[here], right[~here]) for name, here in slices.items()}


def _figure(here: Mask, rest: Mask) -> ImageSlice:
    one, other = metrics.share(here), metrics.share(rest)
    return ImageSlice(
        value=one.value,
        low=one.low,
        high=one.high,
        n=one.n,
        rest=other,
        difference=_difference(one, other),
    )


def _difference(one: Share, other: Share) -> Interval:
    """One share minus another, with Newcombe's 95 % interval (1998, method 10)."""
    p, low, high = _ends(one)
    q, other_low, other_high = _ends(other)
    below = np.hypot(p - low, other_high - q)
    above = np.hypot(high - p, q - other_low)
    ends = [round(float(end), 4) for end in (p - q, p - q - below, p - q + above)]
    return Interval(value=ends[0], low=ends[1], high=ends[2], n=one.n)


def _ends(share: Share) -> Sequence[float]:
    return share.value or 0.0, share.low or 0.0, share.high or 0.0
