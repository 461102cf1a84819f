"""A dataset for the world: accepted faces whose givers agreed to public release.

Faces that examine the models stay at home. Whoever took an earlier release learns from
withdrawn.json which faces to delete. The files are written into a folder, which the
operator publishes where he likes; the site keeps a row of what is in it.
"""

import hmac
import json
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from labeling import audit
from labeling.datasets import release_papers, weights
from labeling.datasets.croissant import has_pictures
from labeling.datasets.release_files import FaceFiles, Folders, ParquetFiles, Row
from labeling.errors import Refused
from labeling.models import (
    Contribution,
    Crop,
    DatasetRelease,
    DatasetSplit,
    ReleasedFace,
    Withdrawal,
)
from labeling.voting import rings, vote_weights
from labeling.webhooks import deliveries
from ml.emotions import EMOTIONS

BATCH = 1000  # faces in memory at once

Variant = DatasetRelease.Variant
Form = DatasetRelease.Form


@dataclass
class Release:
    """One that is being written."""

    row: DatasetRelease
    folder: Path
    files: FaceFiles
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    emotions: Counter[str] = field(default_factory=Counter)  # and how many faces
    consents: set[str] = field(default_factory=set)
    months: set[str] = field(default_factory=set)
    withdrawn: int = 0  # on the list, of this and all earlier releases

    @property
    def rows(self) -> int:
        return self.emotions.total()


def write(
    folder: Path,
    *,
    name: str = "",
    variant: str = Variant.ALL,
    form: str = Form.PARQUET,
    url: str = "",
) -> Release:
    """Everything into an empty folder; the checksums come last.

    Without a name it gets one of the day. `url`: where it will be published.
    Raises FileExistsError and Refused.
    """
    if url and not url.startswith(("https://", "http://")):
        raise Refused("bad_url", _("This is not a web address."))
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty.")
    row = _begin(name or _free_name(), variant, form, url)
    kind = Folders if form == Form.FOLDERS else ParquetFiles
    files: FaceFiles = kind(folder, has_pictures=has_pictures(row))
    release = Release(row, folder, files)
    _write_faces(release)
    _drop_withdrawn(release)
    release.withdrawn = write_withdrawn(folder / "withdrawn.json")
    _compare(release)
    release_papers.write(row, folder, months=sorted(release.months))
    _finish(release)
    return release


def made() -> QuerySet[DatasetRelease]:
    """Those that were finished, the newest first."""
    return DatasetRelease.objects.exclude(made_at=None)


def write_withdrawn(file: Path) -> int:
    """The machine-readable list for those who took a release; how many are on it."""
    listed = withdrawn()
    part = file.with_name(f"{file.name}.part")
    part.write_text(json.dumps(listed, indent=1) + "\n")
    part.replace(file)
    return len(listed["withdrawn"])


def withdrawn() -> release_papers.WithdrawnList:
    """All faces that stood in a release and were taken back."""
    gone = Withdrawal.objects.filter(was_released=True)
    listed = [
        {"id": str(face.pk), "at": face.withdrawn_at.isoformat()} for face in gone
    ]
    as_of = timezone.now().isoformat()
    return {"format": release_papers.FORMAT, "as_of": as_of, "withdrawn": listed}


@transaction.atomic
def _begin(name: str, variant: str, form: str, url: str) -> DatasetRelease:
    """Before the first face is marked as released."""
    DatasetRelease.objects.filter(name=name, made_at=None).delete()
    if DatasetRelease.objects.filter(name=name).exists():
        raise FileExistsError(f"There is a release called {name} already.")
    audit.record(audit.Act.DATASET_RELEASED, details={"name": name})
    return DatasetRelease.objects.create(
        name=name,
        variant=variant,
        form=form,
        url=url,
        license=settings.DATASET_LICENSE,
        before=made().filter(variant=variant).first(),
    )


def _free_name() -> str:
    day = name = f"mien-{timezone.now():%Y-%m-%d}"
    number = 1
    while made().filter(name=name).exists():
        number += 1
        name = f"{day}-{number}"
    return name


def _write_faces(release: Release) -> None:
    for rows in _batches(release):
        release.files.write(rows)
        release.emotions.update(row["emotion"] for row in rows)
        release.consents.update(row["consent"] for row in rows)
        release.months.update(row["given"] for row in rows)
    release.files.close()


def _batches(release: Release) -> Iterator[list[Row]]:
    """In the order of the ids. A face is marked as released before it is written, so
    that its withdrawal from then on is announced."""
    fit, last = _fit(), UUID(int=0)
    while True:
        with transaction.atomic():
            rest = fit.filter(pk__gt=last).order_by("pk")
            faces = list(rest.select_for_update(no_key=True)[:BATCH])
            if not faces:
                return
            last = faces[-1].pk
            left_out = _left_out(release.row, faces)
            faces = [face for face in faces if face.pk not in left_out]
            votes = vote_weights.weighed_votes(face.pk for face in faces)
            if release.row.variant == Variant.VALIDATED:
                faces = [face for face in faces if _is_confirmed(face, votes[face.pk])]
            ids = [face.pk for face in faces]
            _mark(release.row, ids)
            jpegs = dict(Crop.objects.filter(pk__in=ids).values_list("pk", "jpeg"))
        yield [
            _row(face, bytes(jpegs[face.pk]), votes[face.pk], release.key)
            for face in faces
        ]


def _fit() -> QuerySet[Contribution]:
    fit = Contribution.objects.accepted().filter(may_be_released=True)
    return fit.exclude(split=DatasetSplit.EXAM)


def _left_out(row: DatasetRelease, faces: list[Contribution]) -> set[UUID]:
    """Asked of these faces alone: a list of all of them grows with the site."""
    ids = [face.pk for face in faces]
    left_out = set(rings.quarantined().filter(pk__in=ids).values_list("pk", flat=True))
    if row.variant == Variant.SINCE:
        with_pictures = made().exclude(variant=Variant.METADATA)
        earlier = ReleasedFace.objects.filter(release__in=with_pictures, face__in=ids)
        left_out.update(earlier.values_list("face", flat=True))
    return left_out


def _is_confirmed(face: Contribution, votes: dict[str, float]) -> bool:
    """Two tested voters, or four new ones, said what was decided, and fewer another."""
    others = [weight for said, weight in votes.items() if said != face.decided_emotion]
    own = votes.get(face.decided_emotion, 0.0)
    return own >= vote_weights.AGREED and own > max(others, default=0.0)


def _mark(row: DatasetRelease, ids: list[UUID]) -> None:
    faces = Contribution.objects.filter(pk__in=ids)
    faces.update(released_at=Coalesce("released_at", Now()))
    ReleasedFace.objects.bulk_create(ReleasedFace(release=row, face=pk) for pk in ids)


def _row(face: Contribution, jpeg: bytes, votes: dict[str, float], key: bytes) -> Row:
    """`key` is thrown away: persons cannot be followed on."""
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
    while gone := _gone(release):
        release.emotions -= release.files.drop({str(face) for face in gone})
        release.row.faces.filter(face__in=gone).delete()


def _gone(release: Release) -> list[UUID]:
    gone = Withdrawal.objects.filter(
        was_released=True, pk__in=release.row.faces.values("face")
    )
    return list(gone.values_list("pk", flat=True))


def _compare(release: Release) -> None:
    """With the last one of its variant: how many faces are new, how many gone."""
    row, now = release.row, release.row.faces.values("face")
    row.emotions = {e: release.emotions[e] for e in EMOTIONS}
    row.consents = sorted(release.consents)
    row.added = release.rows
    if row.before:
        before = row.before.faces
        row.added = row.faces.exclude(face__in=before.values("face")).count()
        row.gone = before.exclude(face__in=now).count()


@transaction.atomic
def _finish(release: Release) -> None:
    row = release.row
    row.size = sum(f.stat().st_size for f in release.folder.rglob("*") if f.is_file())
    row.made_at = timezone.now()
    row.save()
    fact = {"name": row.name, "variant": row.variant, "faces": release.rows}
    fact["withdrawn"] = release.withdrawn
    deliveries.announce(deliveries.Event.RELEASE_MADE, [fact])
