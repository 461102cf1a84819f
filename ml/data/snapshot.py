"""Read a snapshot folder: the contributions a run learns from, frozen.

manifest.json names the shards; each is Parquet with the columns id, pixels (48*48 grey
bytes, row-major), label (the share of each emotion), weight, split ("train" or
"exam") and source. Shards are read one at a time.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ml.data.arrays import PIXELS, SIDE, BadData, Rows, join
from ml.emotions import EMOTIONS

MANIFEST = "manifest.json"
FORMATS = (1, 2)  # they differ in what their hash is taken of, not in the shards


@dataclass(frozen=True)
class Shard:
    ids: list[str]
    rows: Rows


def is_snapshot(folder: Path) -> bool:
    """Whether the folder holds a manifest."""
    return (folder / MANIFEST).is_file()


def manifest(folder: Path) -> dict[str, Any]:
    """The content of manifest.json. Raises BadData where it is missing or of another
    format."""
    try:
        content = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError) as error:
        raise BadData(f"{folder / MANIFEST} cannot be read: {error}") from error
    if not isinstance(content, dict) or content.get("format") not in FORMATS:
        raise BadData(f"{folder / MANIFEST} is of no snapshot format that is known")
    return content


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


def stream(folder: Path, split: str, emotions: tuple[str, ...]) -> Iterator[Shard]:
    """One shard at a time; rows without any of `emotions` are left out. Raises
    BadData."""
    import pyarrow.parquet as parquet

    content = manifest(folder)
    names = tuple(content.get("emotions") or EMOTIONS)
    unknown = [e for e in emotions if e not in names]
    if unknown:
        raise BadData(f"the snapshot knows no {', '.join(unknown)}")
    columns = [names.index(e) for e in emotions]
    for name in content.get("shards", []):
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
    return Shard([str(table["id"][i]) for i in picked], rows)
