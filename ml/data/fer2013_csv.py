"""FER-2013 as a CSV: emotion,pixels,Usage, bare or in .gz, .zip or .tar.gz."""

import gzip
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import numpy as np

from ml.data.arrays import (
    PIXELS,
    PRIVATE,
    PUBLIC,
    SIDE,
    TRAINING,
    BadData,
    Bytes,
    Fer2013,
)

USAGES = {b"Training": TRAINING, b"PublicTest": PUBLIC, b"PrivateTest": PRIVATE}
CSV_NAMES = ("fer2013.csv", "face_data.csv")


def read(path: Path) -> Fer2013:
    """The CSV form, packed or bare. Raises BadData naming the line that is wrong."""
    columns: list[int] = []
    rows: list[tuple[int, int]] = []
    pixels: list[Bytes] = []
    with _open(path) as file:
        for number, line in _lines(path, file):
            fields = line.strip().split(b",")
            if not columns:
                columns = _header(path, fields)
                continue
            if len(fields) < 3:
                raise BadData(f"{path.name}, line {number}: the row is cut short")
            emotion, face, usage = (fields[i].strip(b' "\r') for i in columns)
            rows.append(_row(path, number, emotion, usage))
            pixels.append(_pixels(path, number, face))
    if not rows:
        raise BadData(f"{path.name} holds no faces")
    labels, usages = np.array(rows, np.uint8).T
    return Fer2013(np.stack(pixels), labels, usages)


def _open(path: Path) -> IO[bytes]:
    try:
        return _unpack(path)
    except (OSError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise BadData(f"{path.name} is damaged or cut short: {error}") from error


def _unpack(path: Path) -> IO[bytes]:
    name = path.name.lower()
    if name.endswith((".tar.gz", ".tgz", ".tar")):
        tar = tarfile.open(path)  # noqa: SIM115 (lives as long as its member)
        for entry in tar:
            if entry.isfile() and entry.name.endswith(CSV_NAMES):
                member = tar.extractfile(entry)
                if member is not None:
                    return member
        raise BadData(f"{path.name} holds no fer2013.csv")
    if name.endswith(".zip"):
        archive = zipfile.ZipFile(path)
        for entry_name in archive.namelist():
            if entry_name.endswith(CSV_NAMES):
                return archive.open(entry_name)
        raise BadData(f"{path.name} holds no fer2013.csv")
    if name.endswith(".gz"):
        return cast(IO[bytes], gzip.open(path))
    return path.open("rb")


def _lines(path: Path, file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    try:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, line
    except (EOFError, OSError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise BadData(f"{path.name} is damaged or cut short: {error}") from error


def _header(path: Path, fields: list[bytes]) -> list[int]:
    names = [field.strip(b' "\r\xef\xbb\xbf').lower() for field in fields]
    try:
        return [names.index(name) for name in (b"emotion", b"pixels", b"usage")]
    except ValueError:
        raise BadData(
            f"{path.name}, line 1: expected the columns emotion, pixels and Usage, "
            f"found {b','.join(fields)[:80].decode(errors='replace')!r}"
        ) from None


def _row(path: Path, number: int, emotion: bytes, usage: bytes) -> tuple[int, int]:
    if emotion not in (b"0", b"1", b"2", b"3", b"4", b"5", b"6"):
        raise BadData(
            f"{path.name}, line {number}: unknown label {emotion[:20].decode()!r}, "
            "expected 0 to 6"
        )
    if usage not in USAGES:
        raise BadData(
            f"{path.name}, line {number}: unknown usage {usage[:20].decode()!r}"
        )
    return int(emotion), USAGES[usage]


def _pixels(path: Path, number: int, text: bytes) -> Bytes:
    try:
        values = np.array(text.split(), dtype=np.uint8)
    except (ValueError, OverflowError):
        values = np.empty(0, np.uint8)
    if values.size != PIXELS:
        found = len(text.split())
        raise BadData(
            f"{path.name}, line {number}: expected {PIXELS} grey values from 0 to 255,"
            f" found {found}" + (" with a wrong one" if found == PIXELS else "")
        )
    return values.reshape(SIDE, SIDE)
