"""Faces in folders, one folder an emotion: FER-2013's own forms, and others.

FER-2013 is published as `train/` + `test/` (a picture's name then begins with its
split, PublicTest_ or PrivateTest_) and as `images/train` + `images/validation`, with
3, 6 or 7 classes. The folder of the training pictures may have any name that begins
with "train". The number in a picture's name is no row of the CSV.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from ml.data.arrays import (
    PRIVATE,
    PUBLIC,
    SIDE,
    TRAINING,
    BadData,
    Bytes,
    Fer2013,
    Rows,
)
from ml.emotions import EMOTIONS
from ml.vision import decode, face_crop
from ml.vision.detector import Detector

PICTURES = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".pgm"}
SYNONYMS = {
    "angry": ("anger",),
    "disgust": ("disgusted",),
    "fear": ("fearful", "afraid", "scared"),
    "happy": ("happiness", "joy"),
    "sad": ("sadness",),
    "surprise": ("surprised",),
    "neutral": ("neutrality",),
}
MEANING = {
    word: emotion
    for number, emotion in enumerate(EMOTIONS)
    for word in (emotion, str(number), *SYNONYMS[emotion])
}


def read_fer2013(root: Path) -> Fer2013:
    """FER-2013 from folders; `emotions` of the result are those that have a folder.
    Raises BadData."""
    if (root / "images").is_dir():
        root = root / "images"
    parts = [f for f in sorted(root.iterdir()) if f.is_dir()]
    training = [f for f in parts if f.name.lower().startswith("train")]
    if len(training) != 1:
        raise BadData(
            f"{root} should hold one folder of training pictures, train/, found "
            f"{', '.join(f.name for f in training) or 'none'}"
        )
    names = [f.name.lower() for f in parts]
    found: list[tuple[Path, str, int]] = []
    for part, name in zip(parts, names, strict=True):
        if part is training[0]:
            usage = TRAINING
        elif name.startswith(("test", "valid", "val", "public", "private")):
            has_both = any(n.startswith("val") for n in names)
            is_private = name.startswith("private")
            is_private |= name.startswith("test") and has_both
            usage = PRIVATE if is_private else PUBLIC
        else:
            continue
        found += [(p, e, _usage(p, usage)) for p, e in list_pictures(part)]
    present = {emotion for _path, emotion, _usage_ in found}
    emotions = tuple(e for e in EMOTIONS if e in present)
    return Fer2013(
        np.stack([_grey(path) for path, _emotion, _usage_ in found]),
        np.array([emotions.index(e) for _path, e, _usage_ in found], np.uint8),
        np.array([usage for _path, _emotion, usage in found], np.uint8),
        emotions,
    )


def list_pictures(folder: Path) -> list[tuple[Path, str]]:
    """(picture, emotion) of every picture in FOLDER/<emotion>/. Raises BadData for a
    folder whose name is no emotion, and where there is no picture at all."""
    found = []
    if not folder.is_dir():
        raise BadData(f"there is no folder {folder}")
    for part in sorted(f for f in folder.iterdir() if f.is_dir()):
        pictures = [p for p in sorted(part.rglob("*")) if p.suffix.lower() in PICTURES]
        emotion = MEANING.get(part.name.lower())
        if emotion is None and pictures:
            raise BadData(
                f"{part}: {part.name!r} is no emotion; known are "
                f"{', '.join(EMOTIONS)} and 0 to 6"
            )
        found += [(picture, emotion or "") for picture in pictures]
    if not found:
        raise BadData(f"{folder} holds no pictures in folders named by emotion")
    return found


def _usage(path: Path, otherwise: int) -> int:
    """The split that a picture's name tells, as in PrivateTest_1234.jpg."""
    for prefix, usage in (("PublicTest_", PUBLIC), ("PrivateTest_", PRIVATE)):
        if path.name.startswith(prefix):
            return usage
    return otherwise


def _grey(path: Path) -> Bytes:
    try:
        rgb = decode.decode(path.read_bytes())
    except decode.BadPicture as why:
        raise BadData(f"{path}: {why}") from None
    pixels = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    if pixels.shape != (SIDE, SIDE):
        pixels = cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(pixels, np.uint8)


@dataclass(frozen=True)
class DetectedFaces:
    rows: Rows
    without_face: int
    broken: int


def read_faces(
    folder: Path, emotions: tuple[str, ...], detector: Detector
) -> DetectedFaces:
    """Any labelled pictures (CK+, JAFFE, one's own), each through the same detector and
    crop as a visitor's photo; of several faces the largest. Raises BadData where there
    is no face in any."""
    pixels, labels = [], []
    without_face = broken = 0
    for path, emotion in list_pictures(folder):
        if emotion not in emotions:
            continue
        try:
            rgb = decode.decode(path.read_bytes())
        except decode.BadPicture:
            broken += 1
            continue
        found = detector.find(rgb)
        if not found:
            without_face += 1
            continue
        face = face_crop.to_network(face_crop.crop(rgb, found[0].box))
        pixels.append(face[..., 0].astype(np.uint8))
        labels.append(emotions.index(emotion))
    if not pixels:
        raise BadData(f"{folder}: no face was found in any of its pictures")
    truth = np.array(labels, np.int64)
    hard = np.eye(len(emotions), dtype=np.float32)[truth]
    n = len(truth)
    rows = Rows(
        np.stack(pixels),
        np.stack([hard, hard], 1),
        np.ones(n, np.float32),
        truth,
        np.full(n, -1, np.int64),
        np.full(n, -1, np.int64),
    )
    return DetectedFaces(rows, without_face, broken)


def undetected(pixels: Bytes, detector: Detector) -> npt.NDArray[np.bool_]:
    """[n] which of the faces uint8 [n, 48, 48] of FER-2013 the detector does not find,
    each given a margin of its reflection and four times its size."""
    found = np.zeros(len(pixels), bool)
    for i, face in enumerate(pixels):
        padded = cv2.copyMakeBorder(face, 12, 12, 12, 12, cv2.BORDER_REFLECT_101)
        large = cv2.resize(padded, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
        rgb = np.repeat(np.asarray(large, np.uint8)[..., None], 3, 2)
        found[i] = bool(detector.find(rgb))
    return ~found
