"""The arrays that every data set is read into: `Fer2013` as it is published, `Rows` as
they are trained on."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.emotions import EMOTIONS
from ml.errors import BadInput

SIDE = 48
PIXELS = SIDE * SIDE
TRAINING, PUBLIC, PRIVATE = 0, 1, 2

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


class BadData(BadInput):
    """The data are not what they should be; the message says where and how."""


@dataclass(frozen=True)
class Fer2013:
    """pixels uint8 [n, 48, 48]; labels uint8 [n]; usage uint8 [n], one of TRAINING,
    PUBLIC, PRIVATE. `emotions` names the labels in order."""

    pixels: Bytes
    labels: Bytes
    usage: Bytes
    emotions: tuple[str, ...] = EMOTIONS

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Rows:
    """Faces to learn from or to be examined on.

    pixels uint8 [n, 48, 48]; targets float32 [n, 2, k], each summing to 1: the label,
    and the FER+ votes (the label again where nobody voted); weights float32 [n];
    labels int64 [n]; majority int64 [n], -1 where the votes name no clear winner;
    index int64 [n], the row in FER-2013, -1 for a contribution.
    """

    pixels: Bytes
    targets: Floats
    weights: Floats
    labels: Ints
    majority: Ints
    index: Ints

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, where: Any) -> "Rows":
        """The rows of a mask [n] or of int64 indices."""
        return Rows(
            self.pixels[where],
            self.targets[where],
            self.weights[where],
            self.labels[where],
            self.majority[where],
            self.index[where],
        )


def join(*parts: Rows) -> Rows:
    """The rows of all parts, one after the other; at least one part."""
    names = ("pixels", "targets", "weights", "labels", "majority", "index")
    return Rows(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))
