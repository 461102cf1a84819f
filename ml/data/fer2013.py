"""Read FER-2013 in every form it is published in.

Forms: `fer2013.csv` (emotion,pixels,Usage) bare or in .gz, .zip, .tar.gz, the CSV
`icml_face_data.csv` (the same with spaces in its header), and folders of pictures
(ml/data/fer2013_folders.py). What was read once is kept as NumPy arrays in a cache.
"""

import gzip
import hashlib
import os
import tarfile
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO, cast

import numpy as np
from pydantic import BaseModel, ConfigDict

from ml.config import Config
from ml.data import fer2013_folders
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
from ml.data.file_tree import is_archive

COUNTS = (28709, 3589, 3589)  # of the whole set, as its paper and Kaggle give them
USAGES = {b"Training": TRAINING, b"PublicTest": PUBLIC, b"PrivateTest": PRIVATE}
CSV_NAMES = ("fer2013.csv", "face_data.csv")
# The switches of ml/config.py that decide which rows of FER-2013 are trained on.
CLEANING = (
    "drop_leaked",
    "drop_duplicates",
    "drop_blank",
    "drop_non_faces",
    "drop_contradicted",
    "drop_conflicts",
    "drop_undetected",
)


def read(path: Path, *, cache: Path | None = None) -> Fer2013:
    """FER-2013 from a file or folder. Raises BadData, or FileNotFoundError."""
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    if holds_pictures(path):
        return fer2013_folders.read(path)
    if cache is None:
        return read_csv(path)
    stat = path.stat()
    key = f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}|1"
    kept = cache / f"fer2013-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"
    if kept.exists():
        with np.load(kept) as arrays:
            return Fer2013(arrays["pixels"], arrays["labels"], arrays["usage"])
    data = read_csv(path)
    cache.mkdir(parents=True, exist_ok=True)
    part = kept.with_name(f"{kept.stem}.{os.getpid()}.part.npz")
    np.savez(part, pixels=data.pixels, labels=data.labels, usage=data.usage)
    part.replace(kept)
    return data


def holds_pictures(path: Path) -> bool:
    """Whether it is a folder or an archive of pictures, and no CSV. Raises BadData."""
    if path.is_dir() or not is_archive(path):
        return path.is_dir()
    try:
        return not any(name.endswith(CSV_NAMES) for name in _names(path))
    except (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise BadData(f"{path.name} is damaged or cut short: {error}") from error


def _names(path: Path) -> list[str]:
    if path.name.lower().endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    with tarfile.open(path) as tar:
        return tar.getnames()


def check_whole(data: Fer2013, name: str) -> None:
    """Raises BadData unless each split has the number of rows it was published with."""
    counts = tuple(int(np.sum(data.usage == u)) for u in (TRAINING, PUBLIC, PRIVATE))
    if counts != COUNTS:
        raise BadData(
            f"{name} has {counts[0]} Training, {counts[1]} PublicTest and {counts[2]} "
            f"PrivateTest rows; FER-2013 has {COUNTS[0]}, {COUNTS[1]} and {COUNTS[2]}"
        )


class Provenance(BaseModel):
    """Which FER-2013 a run learns from."""

    model_config = ConfigDict(frozen=True)

    sha256: str
    ferplus: str | None  # sha256, where the votes are at hand
    cleaning: dict[str, bool]  # of CLEANING


def provenance(path: Path, ferplus: Path | None) -> Provenance:
    """Which FER-2013 and FER+ these are, by sha256, and how they are usually cleaned.

    Raises FileNotFoundError.
    """
    usual = Config()
    return Provenance(
        sha256=fingerprint(path),
        ferplus=fingerprint(ferplus) if ferplus else None,
        cleaning={name: getattr(usual, name) for name in CLEANING},
    )


def fingerprint(path: Path) -> str:
    """sha256 of a file, or over all names and contents of a folder."""
    if path.is_dir():
        return _sha256_of_folder(path)
    stat = path.stat()
    return _sha256_of_file(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=8)
def _sha256_of_file(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sha256_of_folder(path: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(f"{file.relative_to(path)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def read_csv(path: Path) -> Fer2013:
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
