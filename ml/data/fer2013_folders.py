"""FER-2013 as folders of pictures.

It is published as `train/` + `test/` (a picture's name then begins with its
split, PublicTest_ or PrivateTest_) and as `images/train` + `images/validation`, with
3, 6 or 7 classes. The folder of the training pictures may have any name that begins
with "train". The number in a picture's name is no row of the CSV.
"""

from pathlib import Path

import cv2
import numpy as np

from ml.data.arrays import PRIVATE, PUBLIC, SIDE, TRAINING, BadData, Bytes, Fer2013
from ml.data.file_tree import TreeFile, printable
from ml.data.labelled_folders import read_picture, survey
from ml.emotions import EMOTIONS
from ml.vision import decode


def read(root: Path) -> Fer2013:
    """FER-2013 from folders or an archive of them; `emotions` of the result are those
    that have a folder. Raises BadData."""
    pictures = survey(root).pictures
    base = _folder_above_train(root, [picture.file for picture in pictures])
    names = {
        picture.file.folders[len(base)].lower()
        for picture in pictures
        if _is_below(picture.file, base)
    }
    has_both = any(name.startswith("val") for name in names)
    found = []
    for picture in pictures:
        if _is_below(picture.file, base):
            usage = _usage_of_folder(picture.file.folders[len(base)].lower(), has_both)
            if usage is not None:
                usage = _usage(picture.file.name, usage)
                found.append((picture.file, picture.emotion, usage))
    present = {emotion for _file, emotion, _usage_ in found}
    emotions = tuple(e for e in EMOTIONS if e in present)
    return Fer2013(
        np.stack([_grey(file) for file, _emotion, _usage_ in found]),
        np.array([emotions.index(e) for _file, e, _usage_ in found], np.uint8),
        np.array([usage for _file, _emotion, usage in found], np.uint8),
        emotions,
    )


def _folder_above_train(root: Path, files: list[TreeFile]) -> tuple[str, ...]:
    """The shallowest folder that holds one of training pictures: some copies of the set
    lie in a folder too many, or hold themselves once more. Raises BadData."""
    trains = {
        file.folders[: depth + 1]
        for file in files
        for depth, name in enumerate(file.folders)
        if name.lower().startswith("train")
    }
    shallowest = min(map(len, trains), default=0)
    training = sorted(train for train in trains if len(train) == shallowest)
    if len(training) != 1:
        raise BadData(
            f"{printable(str(root))} should hold one folder of training pictures, "
            f"train/, found "
            f"{', '.join(printable('/'.join(t)) for t in training) or 'none'}"
        )
    return training[0][:-1]


def _is_below(file: TreeFile, base: tuple[str, ...]) -> bool:
    return len(file.folders) > len(base) and file.folders[: len(base)] == base


def _usage_of_folder(name: str, has_both: bool) -> int | None:
    """`has_both`: test pictures beside validation pictures."""
    if name.startswith("train"):
        return TRAINING
    if name.startswith("private") or (name.startswith("test") and has_both):
        return PRIVATE
    return PUBLIC if name.startswith(("test", "val", "public")) else None


def _usage(name: str, otherwise: int) -> int:
    """The split that a picture's name tells, as in PrivateTest_1234.jpg."""
    for prefix, usage in (("PublicTest_", PUBLIC), ("PrivateTest_", PRIVATE)):
        if name.startswith(prefix):
            return usage
    return otherwise


def _grey(file: TreeFile) -> Bytes:
    try:
        rgb = decode.decode(read_picture(file))
    except (decode.BadPicture, OSError) as why:
        raise BadData(f"{file}: {why}") from None
    pixels = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    if pixels.shape != (SIDE, SIDE):
        pixels = cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(pixels, np.uint8)
