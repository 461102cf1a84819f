"""Labelled pictures in folders or archives, of one's own or of a well-known set.

A label is never guessed. It comes from a name of an expression on the way to the file,
from the layout of a well-known set, or from labels that the caller gives; and every
file is accounted for.
"""

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from ml.data import dataset_layouts, emotion_words, file_tree
from ml.data.arrays import (
    BadData,
    Bytes,
    Rows,
)
from ml.data.dataset_layouts import Layout
from ml.data.emotion_words import OTHER
from ml.data.file_tree import LeftOut, Tree, TreeFile, printable
from ml.emotions import EMOTIONS
from ml.vision import decode, face_crop
from ml.vision.detector import Detector
from ml.vision.pipeline import find_faces

# What the decoder reads; it looks at the contents, these only tell what is no picture.
PICTURES = {
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".pjpeg", ".png", ".webp", ".avif", ".heic"),
    *(".heif", ".hif", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".pgm"),
}


@dataclass(frozen=True)
class Labelling:
    """Where labels come from besides names of expressions: a well-known set's layout,
    and folder names (as `emotion_words.normalized` writes them) with their meaning."""

    layout: Layout = field(default_factory=Layout)
    labels: Mapping[str, str] = field(default_factory=dict)
    skip_unknown: bool = False  # leave out folders that say nothing, do not stop


@dataclass(frozen=True)
class LabelledPicture:
    file: TreeFile
    emotion: str  # one of EMOTIONS


@dataclass
class Survey:
    """Every file of a tree: taken, or left out for a reason."""

    pictures: list[LabelledPicture] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def reasons(self) -> dict[str, int]:
        return dict(Counter(left.reason for left in self.left_out))


def parse_labels(text: str) -> dict[str, str]:
    """{"1": "surprise", "natural": "neutral"} of "1=surprise,natural=neutral". Raises
    BadData."""
    labels = {}
    for pair in filter(None, text.split(",")):
        name, _equals, word = pair.partition("=")
        is_other = word.strip() == OTHER
        emotion = OTHER if is_other else emotion_words.emotion_of(word)
        if not name.strip() or emotion is None:
            raise BadData(
                f"{pair!r} should be a folder's name and an expression, as in "
                f"1=surprise; known are {', '.join(EMOTIONS)} and {OTHER}"
            )
        labels[emotion_words.normalized(name)] = emotion
    return labels


def labelling_of(layout: str | None, labels: str, skip_unknown: bool) -> Labelling:
    """From a command's options. Raises BadData."""
    known = dataset_layouts.named(layout) if layout else Layout()
    return Labelling(known, parse_labels(labels), skip_unknown)


def survey(root: Path, labelling: Labelling | None = None) -> Survey:
    """Which pictures under a folder, or in an archive, show which expression.

    `reason`s of what is left out: "tool_file", "link_outside", "no_file", "no_picture",
    "no_label", "several_labels", "other_expression", "same_file". Raises BadData for a
    folder whose name says no expression, unless such are to be skipped, and where there
    is no labelled picture at all.
    """
    labelling = labelling or Labelling()
    tree = file_tree.open_tree(root)
    found = Survey(left_out=list(tree.left_out))
    unknown = _sort(tree, labelling, found)
    if unknown and not labelling.skip_unknown:
        raise BadData(_say_unknown(root, unknown))
    if not found.pictures:
        told = "".join(f", {n} {reason}" for reason, n in found.reasons().items())
        where = printable(str(root))
        raise BadData(f"{where} holds no pictures in folders named by emotion{told}")
    return found


def _sort(tree: Tree, labelling: Labelling, found: Survey) -> dict[str, int]:
    """Fill the survey; the folders that say nothing, with how many pictures each."""
    listed = labelling.layout.read_lists(tree)
    unknown: Counter[str] = Counter()
    taken: set[tuple[Hashable, str]] = set()
    for file in tree.files:
        if file.suffix not in PICTURES:
            found.left_out.append(LeftOut(file, "no_picture"))
            continue
        meant = _meanings(file, labelling, listed)
        if len(meant) != 1:
            reason = "several_labels" if meant else "no_label"
            found.left_out.append(LeftOut(file, reason))
            if not meant and file.folders and not listed:
                unknown["/".join(file.folders)] += 1
        elif meant == {OTHER}:
            found.left_out.append(LeftOut(file, "other_expression"))
        elif (key := (file.identity, min(meant))) in taken:
            found.left_out.append(LeftOut(file, "same_file"))
        else:
            taken.add(key)
            found.pictures.append(LabelledPicture(file, *meant))
    return unknown


def _meanings(
    file: TreeFile, labelling: Labelling, listed: Mapping[str, str]
) -> set[str]:
    """Every expression that is said of it: by a list, or by the folders above it."""
    if (said := listed.get(labelling.layout.key(file))) is not None:
        return {said}
    own_folder = file.folders[-1:]
    meant = {labelling.layout.numbers.get(name) for name in own_folder}
    for name in file.folders:
        given = labelling.labels.get(emotion_words.normalized(name))
        meant.add(given or emotion_words.emotion_of(name))
    return {emotion for emotion in meant if emotion}


def _say_unknown(root: Path, unknown: Mapping[str, int]) -> str:
    names = [printable(name) for name in sorted(unknown)]
    shown = ", ".join(repr(name) for name in names[:8])
    shown += f" and {len(names) - 8} more" if len(names) > 8 else ""
    where = printable(root.name)
    layouts = " | ".join(dataset_layouts.LAYOUTS)
    if all(name.rpartition("/")[2].isdigit() for name in names):
        return (
            f"{where}: {shown}: bare numbers say no expression, for each data set "
            f"counts in its own order. Name the set (--layout {layouts}) or say "
            "what they mean (--labels 1=surprise,2=fear,…)"
        )
    verb = "is no emotion" if len(names) == 1 else "are no emotions"
    return (
        f"{where}: {shown} {verb}; known are {', '.join(EMOTIONS)}, their synonyms, "
        "and what --labels gives (--labels bored=neutral); --skip-unknown leaves out "
        "the rest"
    )


def read_picture(file: TreeFile) -> bytes:
    """The bytes of one, within what is decoded. Raises decode.BadPicture, OSError."""
    if (
        file.size > decode.MAX_BYTES
    ):  # what is packed may become a thousand times as much
        raise decode.too_large(decode.MAX_BYTES)
    return file.read()


@dataclass(frozen=True)
class DetectedFaces:
    rows: Rows
    left_out: dict[str, int]  # by reason: `survey`'s, "no_face", a BadPicture's code


def read_faces(
    root: Path,
    emotions: tuple[str, ...],
    detector: Detector,
    labelling: Labelling | None = None,
) -> DetectedFaces:
    """Any labelled pictures (CK+, JAFFE, one's own), each through the same detector and
    crop as a visitor's photo; of several faces the largest. Raises BadData where there
    is no face in any."""
    found = survey(root, labelling)
    left_out = Counter(found.reasons())
    pixels, labels = [], []
    for picture in found.pictures:
        if picture.emotion not in emotions:
            left_out["other_expression"] += 1
            continue
        face = _largest_face(picture.file, detector)
        if isinstance(face, str):
            left_out[face] += 1
            continue
        pixels.append(face)
        labels.append(emotions.index(picture.emotion))
    if not pixels:
        raise BadData(
            f"{printable(str(root))}: no face was found in any of its pictures"
        )
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
    return DetectedFaces(rows, dict(left_out))


def _largest_face(file: TreeFile, detector: Detector) -> Bytes | str:
    """uint8 [48, 48], or the reason why there is none."""
    try:
        rgb = decode.decode(read_picture(file))
    except decode.BadPicture as why:
        return why.code
    except OSError:
        return "unreadable"
    faces = find_faces(rgb, detector)
    if not faces:
        return "no_face"
    return face_crop.to_network(face_crop.cut_out(rgb, faces[0]))[..., 0].astype(
        np.uint8
    )


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
