"""FER-2013 as a source of a snapshot: which file it is, and how it is cleaned."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from ml import config

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


def fer2013() -> dict[str, Any] | None:
    """Its sha256 and the cleaning switches; None where there is none."""
    if not settings.FER2013:
        return None
    usual = config.Config()
    return {
        "sha256": fingerprint(settings.FER2013),
        "ferplus": fingerprint(settings.FERPLUS) if settings.FERPLUS else None,
        "cleaning": {name: getattr(usual, name) for name in CLEANING},
    }


def fingerprint(path: Path) -> str:
    """sha256 of a file, or over all names and contents of a folder."""
    if path.is_dir():
        return _of_folder(path)
    stat = path.stat()
    return _of_file(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=8)
def _of_file(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _of_folder(path: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(f"{file.relative_to(path)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
