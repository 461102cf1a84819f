"""Read FER-2013 in every form it is published in.

Forms: `fer2013.csv` (emotion,pixels,Usage) bare or in .gz, .zip, .tar.gz, the CSV
`icml_face_data.csv` (the same with spaces in its header), and folders of pictures
(ml/data/labelled_folders.py). What was read once is kept as NumPy arrays in a cache.
"""

import hashlib
import os
from functools import lru_cache
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from ml.config import Config
from ml.data import fer2013_csv, labelled_folders
from ml.data.arrays import PRIVATE, PUBLIC, TRAINING, BadData, Fer2013

COUNTS = (28709, 3589, 3589)  # of the whole set, as its paper and Kaggle give them
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
    if path.is_dir():
        return labelled_folders.read_fer2013(path)
    if cache is None:
        return fer2013_csv.read(path)
    stat = path.stat()
    key = f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}|1"
    kept = cache / f"fer2013-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"
    if kept.exists():
        with np.load(kept) as arrays:
            return Fer2013(arrays["pixels"], arrays["labels"], arrays["usage"])
    data = fer2013_csv.read(path)
    cache.mkdir(parents=True, exist_ok=True)
    part = kept.with_name(f"{kept.stem}.{os.getpid()}.part.npz")
    np.savez(part, pixels=data.pixels, labels=data.labels, usage=data.usage)
    part.replace(kept)
    return data


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
