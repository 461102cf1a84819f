"""A snapshot folder: the contributions a run learns from, frozen. Written and read.

manifest.json names the shards; each is Parquet with the columns id, pixels (48*48 grey
bytes, row-major), label (the share of each emotion), weight, split ("train" or
"exam") and source. Shards are written and read one at a time.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NotRequired, Self, TypedDict

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from ml.data.arrays import PIXELS, SIDE, BadData, Rows, join
from ml.data.fer2013 import Provenance
from ml.errors import first_problem

MANIFEST = "manifest.json"
ROWS_A_SHARD = 20_000  # 46 MB of pixels
ROWS_A_BATCH = 1_000


class Header(BaseModel):
    """What the hash of a snapshot begins with. The formats differ in what else it is
    taken of, not in the shards."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1, 2]
    emotions: tuple[str, ...]  # in the order of the labels' shares
    fer2013: Provenance | None


class Manifest(Header):
    """A snapshot as Postgres keeps it. Early ones do not count all that later ones do.
    Counts are of the rows to learn from, but for `exam_rows`."""

    rows: int
    exam_rows: int
    weight: float = 0.0  # sum
    doubted_labels: int = 0
    accepted: int = 0  # faces in all; those that are not in `rows`:
    copies: int = 0  # the same picture as one that is
    for_exam: int = 0  # of givers whose faces never train
    per_emotion: dict[str, int] = {}
    per_source: dict[str, int] = {}


class FolderManifest(Manifest):
    """manifest.json: `rows` and `exam_rows` are those that could be written."""

    hash: str
    shards: tuple[str, ...]  # file names


class ShardRow(TypedDict):
    id: str
    pixels: bytes
    label: list[float]
    weight: float
    split: str
    source: str
    side: NotRequired[int]  # px of the crop; not known of older snapshots


@dataclass(frozen=True)
class Shard:
    ids: list[str]
    rows: Rows
    sides: list[int]  # px of the crops; SIDE where they are not known


def is_snapshot(folder: Path) -> bool:
    """Whether the folder holds a manifest."""
    return (folder / MANIFEST).is_file()


def manifest(folder: Path) -> FolderManifest:
    """The content of manifest.json. Raises BadData where it is missing, of another
    format, or lacks a field."""
    path = folder / MANIFEST
    try:
        return FolderManifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BadData(f"{path} cannot be read: {error}") from error
    except ValidationError as error:
        why = first_problem(error)
        raise BadData(f"{path} is of no snapshot format that is known: {why}") from None


def read(
    folder: Path, split: str, emotions: tuple[str, ...]
) -> tuple[list[str], Rows | None]:
    """All rows of one split ("train" or "exam"): their ids and faces, None without any.
    Raises BadData.

    Training needs them all at once: 2.4 KB a face, and twice that while the shards are
    joined, so half a gigabyte for 100,000 faces.
    """
    shards = list(stream(folder, split, emotions))
    ids = [i for shard in shards for i in shard.ids]
    return ids, join(*(shard.rows for shard in shards)) if ids else None


def sides(folder: Path, split: str, emotions: tuple[str, ...]) -> list[int]:
    """How large, in px, the crops of those rows are, in their order. Raises BadData."""
    return [side for shard in stream(folder, split, emotions) for side in shard.sides]


def stream(folder: Path, split: str, emotions: tuple[str, ...]) -> Iterator[Shard]:
    """One shard at a time; rows without any of `emotions` are left out. Raises
    BadData."""
    import pyarrow.parquet as parquet

    content = manifest(folder)
    unknown = [e for e in emotions if e not in content.emotions]
    if unknown:
        raise BadData(f"the snapshot knows no {', '.join(unknown)}")
    columns = [content.emotions.index(e) for e in emotions]
    for name in content.shards:
        try:
            table = parquet.read_table(folder / name)
        except (OSError, ValueError) as error:
            raise BadData(f"{folder / name} cannot be read: {error}") from error
        shard = _shard(folder / name, table.to_pydict(), split, columns)
        if shard.ids:
            yield shard


def _shard(path: Path, table: dict[str, list[Any]], split: str, columns: list[int]
) -> Shard:  # fmt: skip
    missing = {"id", "pixels", "label", "weight", "split"} - set(table)
    if missing:
        raise BadData(f"{path.name} has no column {', '.join(sorted(missing))}")
    picked = [i for i, s in enumerate(table["split"]) if s == split]
    for i in picked:
        if len(table["pixels"][i]) != PIXELS:
            raise BadData(f"{path.name}, row {i}: expected {PIXELS} bytes of pixels")
    labels = np.array([table["label"][i] for i in picked], np.float32)
    labels = labels.reshape(len(picked), -1)[:, columns] if picked else labels
    total = labels.sum(1) if picked else np.zeros(0)
    picked = [i for i, t in zip(picked, total, strict=True) if t > 0]
    labels = labels[total > 0] / total[total > 0, None]
    faces = b"".join(table["pixels"][i] for i in picked)
    rows = Rows(
        pixels=np.frombuffer(faces, np.uint8).reshape(-1, SIDE, SIDE),
        targets=np.stack([labels, labels], 1).astype(np.float32)
        if picked
        else np.zeros((0, 2, len(columns)), np.float32),
        weights=np.array([table["weight"][i] for i in picked], np.float32),
        labels=labels.argmax(1).astype(np.int64) if picked else np.zeros(0, np.int64),
        majority=np.full(len(picked), -1, np.int64),
        index=np.full(len(picked), -1, np.int64),
    )
    known = table.get("side") or [None] * len(table["id"])
    return Shard(
        [str(table["id"][i]) for i in picked],
        rows,
        [int(known[i] or SIDE) for i in picked],
    )


class ShardWriter:
    """Takes rows one by one and writes shard after shard.

    It holds one batch in memory. `names` and `counts` say what it wrote.
    """

    def __init__(self, folder: Path) -> None:
        # Only training workers have it installed, so only they import it.
        import pyarrow
        import pyarrow.parquet

        self._arrow = pyarrow
        self._schema = pyarrow.schema(
            [
                ("id", pyarrow.string()),
                ("pixels", pyarrow.binary()),
                ("label", pyarrow.list_(pyarrow.float32())),
                ("weight", pyarrow.float32()),
                ("split", pyarrow.string()),
                ("source", pyarrow.string()),
                ("side", pyarrow.int32()),
            ]
        )
        self.folder = folder
        self.names: list[str] = []
        self.counts = {"train": 0, "exam": 0}
        self._rows: list[ShardRow] = []
        self._in_shard = 0
        self._writer: Any = None

    def __enter__(self) -> Self:
        for old in self.folder.glob("rows-*.parquet"):
            old.unlink()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._flush()
        self._close()

    def add(self, row: ShardRow) -> None:
        self._rows.append(row)
        self.counts[row["split"]] += 1
        if len(self._rows) == ROWS_A_BATCH:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        if self._writer is None:
            self._open()
        table = self._arrow.Table.from_pylist(self._rows, schema=self._schema)
        self._writer.write_table(table)
        self._in_shard += len(self._rows)
        self._rows = []
        if self._in_shard >= ROWS_A_SHARD:
            self._close()

    def _open(self) -> None:
        name = f"rows-{len(self.names):05}.parquet"
        path = self.folder / name
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        # Pixels never repeat, so a dictionary of them would only cost.
        words = ["label", "split", "source"]
        self._writer = self._arrow.parquet.ParquetWriter(
            path, self._schema, use_dictionary=words
        )
        self.names.append(name)

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer, self._in_shard = None, 0
