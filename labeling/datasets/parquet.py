"""Parquet scratch: the faces of a snapshot in files of bounded size."""

import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROWS_A_SHARD = 20_000  # 46 MB of pixels
ROWS_A_BATCH = 1_000


class Shards:
    """Takes rows one by one, holds a batch of them, writes shard after shard.

    Columns: id, pixels (48 x 48 grey, row by row), label (seven probabilities),
    weight, split ("train" or "exam"), source.
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
            ]
        )
        self.folder = folder
        self.names: list[str] = []
        self.counts = {"train": 0, "exam": 0}
        self._rows: list[dict[str, Any]] = []
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

    def add(self, row: dict[str, Any]) -> None:
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
