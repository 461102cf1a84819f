"""A dataset for the world: accepted faces whose givers agreed to public release.

Faces that examine the models stay at home. Whoever took an earlier release learns from
withdrawn.json which faces to delete.
"""

import hashlib
import hmac
import json
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Coalesce, Now
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import override
from pydantic import BaseModel

from labeling import audit
from labeling.contributions import consent
from labeling.datasets import weights
from labeling.models import Contribution, Crop, DatasetSplit, Withdrawal
from labeling.voting import rings, vote_weights
from ml.emotions import EMOTIONS

FORMAT = 1
BATCH = 1000  # faces in memory at once
SHARD = 20_000  # faces a file: about 200 MB


class ReleasedFace(TypedDict):
    """A row of the Parquet files."""

    id: str
    jpeg: bytes
    emotion: str
    distribution: list[float]  # in FER-2013's order
    votes: int
    person: str  # the same for all faces of a giver; "" without an account
    given: str  # year and month
    source: str
    consent: str  # version of its text


class ReleaseSummary(BaseModel):
    """release.json"""

    format: int = FORMAT
    name: str
    made: str  # ISO 8601
    rows: int
    emotions: dict[str, int]
    files: list[str]


@dataclass
class Release:
    folder: Path
    shards: dict[str, list[UUID]] = field(default_factory=dict)
    emotions: Counter[str] = field(default_factory=Counter)
    consents: set[str] = field(default_factory=set)
    withdrawn: int = 0  # on the list, of this and all earlier releases

    @property
    def rows(self) -> int:
        return sum(map(len, self.shards.values()))


def write(folder: Path, *, name: str) -> Release:
    """Everything into an empty folder; the checksums come last."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty.")
    with transaction.atomic():  # before the first face is marked as released
        audit.record(audit.Act.DATASET_RELEASED, details={"name": name})
    release = Release(folder)
    _write_faces(release)
    _drop_withdrawn(release)
    release.withdrawn = write_withdrawn(folder / "withdrawn.json")
    _write_papers(release, name)
    return release


def write_withdrawn(file: Path) -> int:
    """The machine-readable list for those who took a release; how many are on it."""
    gone = Withdrawal.objects.filter(was_released=True)
    listed = [
        {"id": str(face.pk), "at": face.withdrawn_at.isoformat()} for face in gone
    ]
    said = {"format": FORMAT, "as_of": timezone.now().isoformat(), "withdrawn": listed}
    part = file.with_name(f"{file.name}.part")
    part.write_text(json.dumps(said, indent=1) + "\n")
    part.replace(file)
    return len(listed)


def _write_faces(release: Release) -> None:
    key = secrets.token_bytes(32)  # thrown away: persons cannot be followed on
    writer, shard, number = None, release.folder, 0
    for rows in _batches(key):
        if writer is None or len(release.shards[shard.name]) >= SHARD:
            if writer:
                writer.close()
            shard = release.folder / f"faces-{number:05}.parquet"
            writer, number = _open(shard), number + 1
            release.shards[shard.name] = []
        writer.write_table(_table(rows))
        release.shards[shard.name] += [UUID(row["id"]) for row in rows]
        release.emotions.update(row["emotion"] for row in rows)
        release.consents.update(row["consent"] for row in rows)
    if writer:
        writer.close()


def _batches(key: bytes) -> Iterator[list[ReleasedFace]]:
    """In the order of the ids. A face is marked as released before it is written, so
    that its withdrawal from then on is announced."""
    fit = Contribution.objects.accepted().filter(may_be_released=True)
    fit = fit.exclude(pk__in=rings.quarantined().values("pk"))
    fit = fit.exclude(split=DatasetSplit.EXAM).order_by("pk")
    last: UUID | None = None
    while True:
        with transaction.atomic():
            rest = fit.filter(pk__gt=last) if last else fit
            faces = list(rest.select_for_update(no_key=True)[:BATCH])
            ids = [face.pk for face in faces]
            Contribution.objects.filter(pk__in=ids).update(
                released_at=Coalesce("released_at", Now())
            )
            jpegs = dict(Crop.objects.filter(pk__in=ids).values_list("pk", "jpeg"))
            votes = vote_weights.weighed_votes(ids)
        if not faces:
            return
        last = ids[-1]
        yield [_row(face, bytes(jpegs[face.pk]), votes[face.pk], key) for face in faces]


def _row(
    face: Contribution, jpeg: bytes, votes: dict[str, float], key: bytes
) -> ReleasedFace:
    giver = str(face.giver_id or "")
    person = hmac.digest(key, giver.encode(), "sha256").hex()[:16] if giver else ""
    return {
        "id": str(face.pk),
        "jpeg": jpeg,
        "emotion": face.decided_emotion,
        "distribution": weights.soft_label(face.emotion, face.decided_emotion, votes),
        "votes": face.vote_count,
        "person": person,
        "given": f"{face.created_at:%Y-%m}",
        "source": face.source,
        "consent": face.consent_version,
    }


def _drop_withdrawn(release: Release) -> None:
    """Write those files again that hold a face which was withdrawn meanwhile."""
    import pyarrow.compute
    import pyarrow.parquet

    while gone := _gone(release):
        for name, ids in release.shards.items():
            lost = [str(face) for face in ids if face in gone]
            if not lost:
                continue
            table = pyarrow.parquet.read_table(release.folder / name)
            is_lost = pyarrow.compute.is_in(table["id"], pyarrow.array(lost))
            dropped = table.filter(is_lost)["emotion"].to_pylist()
            release.emotions.subtract(dropped)
            with _open(release.folder / name) as writer:
                writer.write_table(table.filter(pyarrow.compute.invert(is_lost)))
            release.shards[name] = [face for face in ids if face not in gone]


def _gone(release: Release) -> set[UUID]:
    written = {face for ids in release.shards.values() for face in ids}
    return set(
        Withdrawal.objects.filter(was_released=True, pk__in=written).values_list(
            "pk", flat=True
        )
    )


def _write_papers(release: Release, name: str) -> None:
    made = f"{timezone.now():%Y-%m-%d}"
    with override("en"):
        sheet = render_to_string(
            "labeling/datasheet.md",
            {
                "name": name,
                "rows": release.rows,
                "made": made,
                "site": settings.SITE_URL,
                "order": ", ".join(EMOTIONS),
                "emotions": [(e, release.emotions[e]) for e in EMOTIONS],
                "texts": [
                    {"version": version, **vars(text)}
                    for version in sorted(release.consents)
                    if (text := consent.text_of(version))
                ],
            },
        )
    (release.folder / "DATASHEET.md").write_text(sheet)
    summary = ReleaseSummary(
        name=name,
        made=made,
        rows=release.rows,
        emotions={e: release.emotions[e] for e in EMOTIONS},
        files=sorted(release.shards),
    )
    (release.folder / "release.json").write_text(
        json.dumps(summary.model_dump(), indent=1) + "\n"
    )
    sums = "".join(
        f"{_sha256(path)}  {path.name}\n" for path in sorted(release.folder.iterdir())
    )
    (release.folder / "SHA256SUMS").write_text(sums)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _schema() -> Any:
    import pyarrow  # only training workers have it installed

    text = pyarrow.string()
    return pyarrow.schema(
        [
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
    )


def _open(path: Path) -> Any:
    import pyarrow.parquet

    return pyarrow.parquet.ParquetWriter(path, _schema())


def _table(rows: list[ReleasedFace]) -> Any:
    import pyarrow

    return pyarrow.Table.from_pylist(rows, schema=_schema())
