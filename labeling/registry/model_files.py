"""A version's files: kept in Postgres, cached on disk under the hash of its card."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from labeling.models import ModelFile, ModelVersion
from ml.artefact import card as cards
from ml.errors import BadArtefact

# What a request needs; the rest is for warm starts and reports.
SERVED = (cards.MODEL, cards.CARD)


def store(version: ModelVersion, folder: Path) -> None:
    """Put every file of a complete artefact folder beside its version's row."""
    names = [cards.CARD, *cards.read(folder).files]
    for name in names:
        content = (folder / name).read_bytes()
        ModelFile.objects.create(
            version=version,
            name=name,
            sha256=hashlib.sha256(content).hexdigest(),
            content=content,
        )


def fetch(version: ModelVersion, *, names: Sequence[str] | None = None) -> Path:
    """A folder with the version's files (or those in `names`), from cache or database.

    Raises BadArtefact when what Postgres holds is not what its sha256 says.
    """
    files = (
        version.files.all() if names is None else version.files.filter(name__in=names)
    )
    hashes = dict(files.order_by("name").values_list("name", "sha256"))
    if cards.CARD not in hashes:
        raise BadArtefact(f"The database holds no card for {version.name}.")
    folder = _home() / hashes[cards.CARD]
    folder.mkdir(parents=True, exist_ok=True)
    for name, sha256 in hashes.items():
        if not _is_whole(folder / name, sha256):
            _fill(version, name, sha256, folder)
    return folder


def discard(folder: Path) -> None:
    """Drop a cached folder that turned out to be no good; it will be fetched anew."""
    if _home() in folder.parents:
        shutil.rmtree(folder, ignore_errors=True)


def _home() -> Path:
    return Path(settings.MIEN_DATA) / "models"


def _is_whole(path: Path, sha256: str) -> bool:
    return path.is_file() and cards.sha256(path) == sha256


def _fill(version: ModelVersion, name: str, sha256: str, folder: Path) -> None:
    """Write beside and rename: other processes see all of a file or none of it."""
    content = bytes(version.files.values_list("content", flat=True).get(name=name))
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BadArtefact(f"{name} of {version.name} is damaged in the database.")
    handle, part = tempfile.mkstemp(dir=folder, prefix=f".{name}-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(part).replace(folder / name)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
