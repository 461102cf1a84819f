"""What a run trains on: fixed for ever as rows, and as files for the ML subprocess.

First the faces are chosen (`_select`): ids, labels, weights, splits and keyed digests
become the manifest in Postgres, under one hash. Then their pixels are streamed into
Parquet (`write`), which a resumed run repeats from the manifest, leaving out what was
withdrawn meanwhile. Neither ever holds more than a batch in memory.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import OuterRef, Subquery

from labeling.contributions import near_duplicates
from labeling.datasets import label_noise, selection
from labeling.db import copy_rows
from labeling.models import Contribution, Snapshot, SnapshotRow, TrainingRun
from labeling.registry import digests
from labeling.training import run_options, training_runs
from labeling.voting import rings
from ml.data.fer2013 import Provenance, provenance
from ml.data.snapshot import (
    MANIFEST,
    FolderManifest,
    Header,
    Manifest,
    ShardRow,
    ShardWriter,
)
from ml.emotions import EMOTIONS
from ml.vision import decode, face_crop

log = logging.getLogger(__name__)

FORMAT: Final = 2
BATCH = 2_000
COLUMNS = (
    "snapshot_id",
    "contribution_id",
    "label",
    "weight",
    "split",
    "source",
    "digest",
)

GoOn = Callable[[], None]  # raises when the run is to stop


def freeze(
    run: TrainingRun, attempt: int, folder: Path, *, go_on: GoOn = lambda: None
) -> Snapshot:
    """The run's snapshot, made now or by an earlier attempt, written into `folder`.

    Raises Refused when there is too little, training_runs.Lost when the run is
    another's.
    """
    snapshot = Snapshot.objects.filter(run=run).first()
    if snapshot is None:
        while near_duplicates.cluster_new():  # what was given in the last minute
            go_on()
        label_noise.ask_champion(go_on)
        rings.refresh()
        snapshot = _select(run, attempt, go_on)
    write(snapshot, folder, go_on=go_on)
    return snapshot


def _select(run: TrainingRun, attempt: int, go_on: GoOn) -> Snapshot:
    builder = _ManifestBuilder()
    with transaction.atomic():
        snapshot = Snapshot.objects.create(run=run, hash="", manifest={})
        header = Header(format=FORMAT, emotions=EMOTIONS, fer2013=_fer2013())
        builder.begin(header.model_dump())
        doubted = label_noise.find(go_on)
        for batch in selection.stream(
            without_fer2013=header.fer2013 is None,
            weight=run_options.of(run).weight,
            size=BATCH,
            doubted=doubted,
        ):
            go_on()
            builder.add(batch)
            copy_rows(
                SnapshotRow._meta.db_table,
                COLUMNS,
                ((snapshot.pk, *row.manifest()) for row in batch),
            )
        snapshot.hash = builder.digest.hexdigest()
        counted = selection.accepted()
        snapshot.manifest = builder.manifest(header, counted).model_dump()
        if header.fer2013 is None and not builder.is_enough():
            raise run_options.too_little(builder.rows["train"], builder.rows["exam"])
        snapshot.save(update_fields=["hash", "manifest"])
        # Only now, and briefly: the lock on the run's row would stop its heartbeat.
        with training_runs.fenced(run.pk, attempt):
            pass
    return snapshot


def _fer2013() -> Provenance | None:
    path: Path | None = settings.FER2013
    return provenance(path, settings.FERPLUS) if path else None


def write(snapshot: Snapshot, folder: Path, *, go_on: GoOn = lambda: None) -> None:
    """Stream the snapshot's faces into Parquet; the manifest comes last."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ShardWriter(folder) as shards:
        for number, row in enumerate(_pixels(snapshot)):
            if number % BATCH == 0:
                go_on()
            shards.add(row)
    written = {
        "hash": snapshot.hash,
        "rows": shards.counts["train"],
        "exam_rows": shards.counts["exam"],
        "shards": shards.names,
    }
    manifest = FolderManifest.model_validate(snapshot.manifest | written)
    part = folder / f"{MANIFEST}.part"
    part.write_text(json.dumps(manifest.model_dump(), indent=1))
    part.replace(folder / MANIFEST)


def verify(snapshot: Snapshot) -> bool:
    """Whether the manifest in Postgres still is what its hash was taken of, and its
    rows say what they said; those of withdrawn faces say nothing any more."""
    builder = _ManifestBuilder()
    # As it is stored, for that was hashed, whatever else a later version knows of it.
    builder.begin({key: snapshot.manifest[key] for key in Header.model_fields})
    face = Contribution.objects.filter(pk=OuterRef("contribution_id"))
    rows = snapshot.rows.order_by("contribution_id").annotate(
        key=Subquery(face.values("digest_key")),
        crop_digest=Subquery(face.values("digest")),
    )
    for row in rows.iterator(chunk_size=BATCH):
        if row.key and not digests.is_intact(
            row, bytes(row.key), bytes(row.crop_digest)
        ):
            return False
        builder.add_digest(row.contribution_id, bytes(row.digest))
    return bool(builder.digest.hexdigest() == snapshot.hash)


_PIXELS = """
    SELECT r.contribution_id, r.label, r.weight, r.split, r.source, crop.jpeg
    FROM labeling_snapshotrow r
    JOIN labeling_crop crop ON crop.contribution_id = r.contribution_id
    WHERE r.snapshot_id = %s ORDER BY r.contribution_id
"""


def _pixels(snapshot: Snapshot) -> Iterator[ShardRow]:
    """Rows for Parquet, by a server-side cursor: ten kilobytes a face stay there."""
    with transaction.atomic(), connection.cursor():
        assert connection.connection is not None  # noqa: S101 (for the type checker)
        with connection.connection.cursor(name=f"faces_{snapshot.pk}") as cursor:
            cursor.itersize = 500
            cursor.execute(_PIXELS, [snapshot.pk])
            for face_id, label, weight, split, source, jpeg in cursor:
                try:
                    pixels = face_crop.to_network(decode.decode(bytes(jpeg)))
                except decode.BadPicture as why:
                    log.error(
                        "face %s cannot be read and is left out: %s", face_id, why
                    )
                    continue
                yield {
                    "id": str(face_id),
                    "pixels": pixels.astype("uint8").tobytes(),
                    "label": label if isinstance(label, list) else json.loads(label),
                    "weight": weight,
                    "split": split,
                    "source": source,
                }


@dataclass
class _ManifestBuilder:
    """The hash over the rows in the order of their ids, and what there is of each."""

    digest: Any = field(default_factory=hashlib.sha256)
    rows: dict[str, int] = field(default_factory=lambda: {"train": 0, "exam": 0})
    weight: float = 0.0
    emotions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(EMOTIONS, 0))
    sources: dict[str, int] = field(default_factory=dict)
    doubted: int = 0

    def begin(self, header: dict[str, object]) -> None:
        self.digest.update(json.dumps(header, sort_keys=True).encode())

    def add(self, batch: list[selection.Row]) -> None:
        for row in batch:
            self.add_digest(row.id, row.digest)
            self.rows[row.split] += 1
            if row.split == "train":
                self.weight += row.weight
                self.doubted += row.is_doubted
                self.emotions[row.emotion] += 1
                self.sources[row.source] = self.sources.get(row.source, 0) + 1

    def add_digest(self, face_id: UUID, digest: bytes) -> None:
        self.digest.update(f"{face_id} {digest.hex()}\n".encode())

    def manifest(self, header: Header, counted: selection.Accepted) -> Manifest:
        return Manifest(
            **header.model_dump(),
            rows=self.rows["train"],
            exam_rows=self.rows["exam"],
            weight=round(self.weight, 3),
            doubted_labels=self.doubted,
            accepted=counted.faces,
            copies=counted.copies,
            for_exam=counted.for_exam,
            per_emotion=self.emotions,
            per_source=self.sources,
        )

    def is_enough(self) -> bool:
        seen = sum(1 for count in self.emotions.values() if count)
        return (
            self.rows["train"] >= run_options.LEAST_TRAIN_FACES
            and self.rows["exam"] >= run_options.LEAST_EXAM_FACES
            and seen > 1
        )
