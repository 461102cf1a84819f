"""FER+: ten raters' votes for every face of FER-2013, row for row.

The file `fer2013new.csv` (microsoft/FERPlus, MIT licence) stands in the order of
`fer2013.csv` and is joined by row: its picture names are no index.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.data.arrays import BadData

# Its columns, in the order of FER-2013's seven; then contempt, unknown, not a face.
COLUMNS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
EXTRA = ("contempt", "unknown", "NF")
USAGES = ("Training", "PublicTest", "PrivateTest")


@dataclass(frozen=True)
class Votes:
    """counts int64 [n, 10]: the seven in order, then contempt, unknown, not a face."""

    counts: npt.NDArray[np.int64]

    def soft_labels(self) -> npt.NDArray[np.float32]:
        """[n, 7] shares of the votes for one of the seven, a lone vote taken as noise
        where others agree (as FER+'s paper does); rows of zeros where none is left."""
        seven = self.counts[:, :7].astype(np.float32)
        kept = np.where(seven > 1, seven, 0)
        seven = np.where(kept.sum(1, keepdims=True) > 0, kept, seven)
        total = seven.sum(1, keepdims=True)
        shares = np.divide(seven, total, out=np.zeros_like(seven), where=total > 0)
        return np.asarray(shares, np.float32)

    def majority(self) -> npt.NDArray[np.int64]:
        """[n] the one of the seven that five or more of ten chose, or -1: also where
        five say it is not a face, or contempt is ahead."""
        best = self.counts[:, :7].argmax(1)
        most = self.counts[np.arange(len(best)), best]
        sure = (most >= 5) & ~self.non_face() & (self.counts[:, 7] <= most)
        return np.where(sure, best, -1)

    def non_face(self) -> npt.NDArray[np.bool_]:
        """[n] where five or more of ten saw no face."""
        return self.counts[:, 9] >= 5


def read(path: Path, usage: npt.NDArray[np.uint8]) -> Votes:
    """Votes for the rows whose `usage` is given. Raises BadData where rows differ."""
    counts = np.zeros((len(usage), 10), np.int64)
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        missing = {*COLUMNS, *EXTRA, "Usage"} - set(reader.fieldnames or ())
        if missing:
            raise BadData(
                f"{path.name}, line 1: no column {', '.join(sorted(missing))}"
            )
        rows = list(reader)
    if len(rows) != len(usage):
        raise BadData(
            f"{path.name} has {len(rows)} rows, FER-2013 here has {len(usage)}: "
            "the votes only fit the CSV form, row for row"
        )
    for i, row in enumerate(rows):
        if row["Usage"] != USAGES[usage[i]]:
            raise BadData(
                f"{path.name}, line {i + 2}: {row['Usage']} where FER-2013 has "
                f"{USAGES[usage[i]]}: the two files are not in the same order"
            )
        counts[i] = [int(row[name]) for name in (*COLUMNS, *EXTRA)]
    return Votes(counts)
