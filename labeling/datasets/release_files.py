"""The faces of a release as files: Parquet, or a folder for each expression."""

import csv
from collections.abc import Iterable
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
    def write(self, rows: list[Row]) -> None: ...
    def close(self) -> None: ...
    def drop(self, faces: set[str]) -> None:
        """Take these out again, once it is closed."""


class ParquetFiles:
    """`faces-00000.parquet` and so on, one row a face."""

    def __init__(self, folder: Path, *, has_pictures: bool) -> None:
        self.folder, self.has_pictures = folder, has_pictures
        self.shards: dict[str, set[str]] = {}
        self.shard = ""
        self.writer: Any = None

    def write(self, rows: list[Row]) -> None:
        if self.writer is None or len(self.shards[self.shard]) >= SHARD:
            self.close()
            self.shard = f"faces-{len(self.shards):05}.parquet"
            self.shards[self.shard] = set()
            self.writer = self._open(self.shard)
        self.writer.write_table(self._table(rows))
        self.shards[self.shard] |= {row["id"] for row in rows}

    def close(self) -> None:
        if self.writer:
            self.writer.close()
        self.writer = None

    def drop(self, faces: set[str]) -> None:
        import pyarrow.compute
        import pyarrow.parquet

        for name, ids in self.shards.items():
            if not ids & faces:
                continue
            table = pyarrow.parquet.read_table(self.folder / name)
            lost = pyarrow.compute.is_in(table["id"], pyarrow.array(sorted(faces)))
            with self._open(name) as writer:
                writer.write_table(table.filter(pyarrow.compute.invert(lost)))
            ids -= faces

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

    def drop(self, faces: set[str]) -> None:
        with self.table.open(newline="") as file:
            lines = list(csv.DictReader(file))
        lost = [line for line in lines if line["id"] in faces]
        for line in lost if self.has_pictures else []:
            (self.folder / line["file_name"]).unlink()
        self.table.unlink()
        kept = [list(line.values()) for line in lines if line["id"] not in faces]
        self._append([self._columns(), *kept])

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
