"""The faces of a release as files: Parquet, or a folder for each expression."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypedDict

SHARD = 20_000  # faces a Parquet file: about 200 MB
FACES = "faces"  # the folder of the folders
TABLE = "metadata.csv"  # the name that readers of image folders look for


class Row(TypedDict):
    id: str
    jpeg: bytes
    emotion: str
    distribution: list[float]  # in FER-2013's order
    votes: int
    person: str  # the same for all faces of a giver; "" without an account
    given: str  # year and month
    source: str
    consent: str  # version of its text


class FaceFiles(Protocol):
    def write(self, rows: list[Row]) -> None:
        """In the order of their ids."""

    def close(self) -> None: ...
    def drop(self, faces: set[str]) -> Counter[str]:
        """Take these out again, once it is closed; how many of each emotion."""


@dataclass
class _Shard:
    """A Parquet file, which holds the faces from one id to another."""

    name: str
    first: str
    last: str
    rows: int = 0


class ParquetFiles:
    """`faces-00000.parquet` and so on, one row a face."""

    def __init__(self, folder: Path, *, has_pictures: bool) -> None:
        self.folder, self.has_pictures = folder, has_pictures
        self.shards: list[_Shard] = []
        self.writer: Any = None

    def write(self, rows: list[Row]) -> None:
        if not rows:
            return
        if self.writer is None or self.shards[-1].rows >= SHARD:
            self.close()
            name = f"faces-{len(self.shards):05}.parquet"
            self.shards.append(_Shard(name, rows[0]["id"], rows[0]["id"]))
            self.writer = self._open(name)
        self.writer.write_table(self._table(rows))
        self.shards[-1].last = rows[-1]["id"]
        self.shards[-1].rows += len(rows)

    def close(self) -> None:
        if self.writer:
            self.writer.close()
        self.writer = None

    def drop(self, faces: set[str]) -> Counter[str]:
        import pyarrow.compute
        import pyarrow.parquet

        dropped: Counter[str] = Counter()
        for shard in self.shards:
            if not any(shard.first <= face <= shard.last for face in faces):
                continue
            table = pyarrow.parquet.read_table(self.folder / shard.name)
            lost = pyarrow.compute.is_in(table["id"], pyarrow.array(sorted(faces)))
            dropped.update(table.filter(lost)["emotion"].to_pylist())
            with self._open(shard.name) as writer:
                writer.write_table(table.filter(pyarrow.compute.invert(lost)))
        return dropped

    def _open(self, name: str) -> Any:
        import pyarrow.parquet

        return pyarrow.parquet.ParquetWriter(self.folder / name, self._schema())

    def _table(self, rows: list[Row]) -> Any:
        import pyarrow  # only training workers have it installed

        return pyarrow.Table.from_pylist(rows, schema=self._schema())

    def _schema(self) -> Any:
        import pyarrow

        text = pyarrow.string()
        columns = [
            ("id", text),
            ("jpeg", pyarrow.binary()),
            ("emotion", text),
            ("distribution", pyarrow.list_(pyarrow.float32())),
            ("votes", pyarrow.int32()),
            ("person", text),
            ("given", text),
            ("source", text),
            ("consent", text),
        ]
        return pyarrow.schema(
            [c for c in columns if self.has_pictures or c[0] != "jpeg"]
        )


class Folders:
    """`faces/happy/….jpg` and so on, beside a table of what is said of them."""

    def __init__(self, folder: Path, *, has_pictures: bool) -> None:
        self.folder, self.has_pictures = folder / FACES, has_pictures
        self.folder.mkdir()
        self.table = self.folder / TABLE
        self._append([self._columns()])

    def write(self, rows: list[Row]) -> None:
        for row in rows if self.has_pictures else []:
            picture = self.folder / self._path(row["emotion"], row["id"])
            picture.parent.mkdir(exist_ok=True)
            picture.write_bytes(row["jpeg"])
        self._append(self._line(row) for row in rows)

    def close(self) -> None: ...

    def drop(self, faces: set[str]) -> Counter[str]:
        dropped: Counter[str] = Counter()
        before = self.table.rename(self.table.with_suffix(".before"))
        with before.open(newline="") as file:
            lines = csv.DictReader(file)
            self._append([self._columns()])
            self._append(self._kept(lines, faces, dropped))
        before.unlink()
        return dropped

    def _kept(
        self, lines: Iterable[dict[str, str]], faces: set[str], dropped: Counter[str]
    ) -> Iterator[list[str]]:
        for line in lines:
            if line["id"] not in faces:
                yield list(line.values())
                continue
            dropped[line["emotion"]] += 1
            if self.has_pictures:
                (self.folder / line["file_name"]).unlink()

    def _append(self, lines: Iterable[list[str]]) -> None:
        with self.table.open("a", newline="") as file:
            csv.writer(file).writerows(lines)

    def _columns(self) -> list[str]:
        names = ("id", "emotion", "distribution", "votes")
        picture = ["file_name"] if self.has_pictures else []
        return [*picture, *names, "person", "given", "source", "consent"]

    def _line(self, row: Row) -> list[str]:
        shares = " ".join(f"{share:g}" for share in row["distribution"])
        said = {**row, "distribution": shares}
        said["file_name"] = self._path(row["emotion"], row["id"])
        return [str(said[name]) for name in self._columns()]

    @staticmethod
    def _path(emotion: str, face: str) -> str:
        return f"{emotion}/{face}.jpg"
