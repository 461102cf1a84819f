"""FER-2013's cleaned Training rows as two files to carry to a machine with a GPU:
`faces.jxl`, all pictures in one without loss, and `targets.npz`.

The tests stay out. So little is gained by any lossless format on faces of 48 pixels
(raw 62 MB, PNG 46, WebP 43) that it takes JPEG XL to get below 40.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pillow_jxl  # noqa: F401  teaches Pillow the format
from PIL import Image

from ml.data.arrays import SIDE, Bytes, Floats, Ints, Mask, Rows

COLUMNS = 160  # of faces in the picture
EFFORT = 5  # more makes it no smaller


@dataclass(frozen=True)
class Faces:
    """pixels uint8 [n, 48, 48]; targets float32 [n, 2, 7], label and votes; is_tune
    [n]; labels int64 [n]; majority int64 [n], -1 where the votes name no winner."""

    pixels: Bytes
    targets: Floats
    is_tune: Mask
    labels: Ints
    majority: Ints

    def __len__(self) -> int:
        return len(self.labels)


def write(train: Rows, tune: Rows, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.concatenate([train.pixels, tune.pixels])
    Image.fromarray(sheet(pixels)).save(
        folder / "faces.jxl", lossless=True, effort=EFFORT
    )
    np.savez_compressed(
        folder / "targets.npz",
        targets=np.concatenate([train.targets, tune.targets]).astype(np.float16),
        is_tune=np.arange(len(pixels)) >= len(train),
        labels=np.concatenate([train.labels, tune.labels]).astype(np.int8),
        majority=np.concatenate([train.majority, tune.majority]).astype(np.int8),
    )


def read(folder: Path) -> Faces:
    with (
        np.load(folder / "targets.npz") as kept,
        Image.open(folder / "faces.jxl") as image,
    ):
        targets = kept["targets"].astype(np.float32)
        return Faces(
            pixels=cut(np.asarray(image.convert("L")), len(targets)),
            targets=targets / targets.sum(-1, keepdims=True),
            is_tune=kept["is_tune"],
            labels=kept["labels"].astype(np.int64),
            majority=kept["majority"].astype(np.int64),
        )


def sheet(pixels: Bytes) -> Bytes:
    """[n, 48, 48] -> one picture of rows of COLUMNS faces, the last filled with grey
    0."""
    lines = -(-len(pixels) // COLUMNS)
    padded = np.zeros((lines * COLUMNS, SIDE, SIDE), np.uint8)
    padded[: len(pixels)] = pixels
    grid = padded.reshape(lines, COLUMNS, SIDE, SIDE).transpose(0, 2, 1, 3)
    return grid.reshape(lines * SIDE, COLUMNS * SIDE)


def cut(sheet: Bytes, count: int) -> Bytes:
    """The first `count` faces of a sheet, uint8 [count, 48, 48]."""
    grid = sheet.reshape(-1, SIDE, COLUMNS, SIDE).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(grid.reshape(-1, SIDE, SIDE)[:count])
