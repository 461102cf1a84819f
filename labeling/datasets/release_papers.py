"""What lies beside the faces of a release: datasheet, croissant.json, release.json and
the checksums of it all."""

import hashlib
import json
from pathlib import Path
from typing import TypedDict

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import override
from pydantic import BaseModel

from labeling.contributions import consent
from labeling.datasets import croissant
from labeling.models import DatasetRelease
from ml.emotions import EMOTIONS

FORMAT = 1


class WithdrawnList(TypedDict):
    """withdrawn.json"""

    format: int
    as_of: str  # ISO 8601
    withdrawn: list[dict[str, str]]  # id, at


class ReleaseSummary(BaseModel):
    """release.json"""

    format: int = FORMAT
    name: str
    made: str  # ISO 8601
    variant: str
    form: str
    license: str  # empty: none is stated
    rows: int
    emotions: dict[str, int]
    before: str | None  # the last one of its variant
    added: int
    gone: int
    files: list[str]


def write(row: DatasetRelease, folder: Path, *, months: list[str]) -> None:
    """`months`: in which its faces were given, in order."""
    ends = [months[0], months[-1]] if months else []
    row.croissant = croissant.describe(row, folder, page=page_of(row), months=ends)
    _json(folder / "croissant.json", row.croissant)
    files = [path.relative_to(folder).as_posix() for path in _faces(folder)]
    _json(folder / "release.json", _summary(row, files).model_dump())
    (folder / "DATASHEET.md").write_text(datasheet(row))
    sums = "".join(
        f"{_sha256(path)}  {path.relative_to(folder).as_posix()}\n"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    )
    (folder / "SHA256SUMS").write_text(sums)
    row.checksum = hashlib.sha256(sums.encode()).hexdigest()


def page_of(row: DatasetRelease) -> str:
    """Where the site tells of it (`webapp/views/data.py`)."""
    return f"{settings.SITE_URL}/data/releases/{row.pk}/"


def datasheet(row: DatasetRelease) -> str:
    """As Markdown."""
    with override("en"):
        return render_to_string(
            "labeling/datasheet.md",
            {
                "release": row,
                "facts": croissant.FACTS,
                "meaning": croissant.MEANING.items(),
                "has_pictures": croissant.has_pictures(row),
                "made": f"{row.began_at:%Y-%m-%d}",
                "site": settings.SITE_URL,
                "license": croissant.license_url(row.license),
                "emotions": [(e, row.emotions[e]) for e in EMOTIONS],
                "texts": [
                    {"version": version, **vars(text)}
                    for version in row.consents
                    if (text := consent.text_of(version))
                ],
            },
        )


def _summary(row: DatasetRelease, files: list[str]) -> ReleaseSummary:
    return ReleaseSummary(
        name=row.name,
        made=f"{row.began_at:%Y-%m-%d}",
        variant=row.variant,
        form=row.form,
        license=row.license,
        rows=row.count,
        emotions=row.emotions,
        before=row.before.name if row.before else None,
        added=row.added,
        gone=row.gone,
        files=files,
    )


def _faces(folder: Path) -> list[Path]:
    return sorted([*folder.glob("faces-*.parquet"), *folder.glob("faces/metadata.csv")])


def _json(path: Path, said: object) -> None:
    path.write_text(json.dumps(said, indent=1) + "\n")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
