"""Which version saw which face. One warm-started from another saw what it saw."""

from collections.abc import Iterable
from typing import cast
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from labeling import audit
from labeling.db import AdvisoryLock, hold_lock
from labeling.models import ModelVersion, Snapshot, SnapshotRow, User

_HEIRS = """
    WITH RECURSIVE heir(id) AS (
        SELECT v.id FROM labeling_modelversion v
        WHERE v.run_id IN (
            SELECT s.run_id FROM labeling_snapshot s
            JOIN labeling_snapshotrow r ON r.snapshot_id = s.id
            WHERE r.contribution_id = ANY(%s::uuid[]) AND r.split = 'train'
        )
        UNION
        SELECT child.id FROM labeling_modelversion child JOIN heir
        ON child.parent_id = heir.id
    )
    SELECT id FROM heir
"""

_UNSEEN = """
    SELECT EXISTS (
        SELECT 1 FROM labeling_snapshotrow r
        JOIN labeling_snapshot s ON s.id = r.snapshot_id
        WHERE s.run_id = %s AND r.split = 'train' AND NOT EXISTS (
            SELECT 1 FROM labeling_contribution c WHERE c.id = r.contribution_id
        )
    )
"""


def versions_that_saw(contribution_ids: Iterable[UUID]) -> QuerySet[ModelVersion]:
    """The versions trained on any of these faces, and all that descend from them."""
    with connection.cursor() as cursor:
        cursor.execute(_HEIRS, [list(map(str, contribution_ids))])
        ids = [row[0] for row in cursor.fetchall()]
    return ModelVersion.objects.filter(pk__in=ids)


def faces_seen_by(version: ModelVersion) -> QuerySet[SnapshotRow]:
    """Every contribution that went into a version or into one it descends from."""
    run_ids = [step.run_id for step in ancestors(version) if step.run_id]
    return SnapshotRow.objects.filter(
        snapshot__run__in=run_ids, split=SnapshotRow.Split.TRAIN
    )


@transaction.atomic
def export_faces_seen_by(version: ModelVersion, *, by: User) -> QuerySet[SnapshotRow]:
    """The same, to be taken out of the house."""
    audit.record(audit.Act.ROWS_EXPORTED, by=by, subject=version)
    return faces_seen_by(version).order_by("snapshot", "contribution_id")


def ancestors(version: ModelVersion) -> list[ModelVersion]:
    """The version itself, what it was warm-started from, and so on to the root."""
    line = [version]
    while (parent := line[-1].parent) is not None:
        line.append(parent)
    return line


def is_known(version: ModelVersion) -> bool:
    """Whether everything is on record that it learned from: each step came with Mien,
    or of a run whose snapshot is here, and the first began from nothing else."""
    line = ancestors(version)
    shipped = ModelVersion.Origin.SHIPPED
    trained = [step for step in line if step.origin != shipped]
    runs = {step.run_id for step in trained}
    root = line[-1]
    began_from = root.card.get("snapshot", {}).get("warm_start")
    return (root.origin == shipped or not began_from) and (
        Snapshot.objects.filter(run__in=runs - {None}).count() == len(trained)
    )


def nearest_uncontaminated(version: ModelVersion | None) -> ModelVersion | None:
    """Where a warm start may begin: the nearest ancestor that saw no withdrawn face.

    At worst the shipped base, which saw no contribution at all.
    """
    line = ancestors(version) if version else []
    for step in line:
        if step.contaminated_at is None:
            return step
    shipped = ModelVersion.objects.filter(origin=ModelVersion.Origin.SHIPPED)
    return shipped.filter(contaminated_at=None).order_by("-pk").first()


def contaminate(contribution_ids: Iterable[UUID]) -> list[ModelVersion]:
    """Mark every version that saw one of these withdrawn faces; return those.

    Call it in the transaction that deletes the faces.
    """
    hold_lock(AdvisoryLock.LINEAGE)
    saw = versions_that_saw(contribution_ids)
    saw.filter(contaminated_at=None).update(contaminated_at=Now())
    return list(saw.defer("card").order_by("pk"))


def saw_withdrawn(run_id: int) -> bool:
    """Whether a face that a run was to train on has been withdrawn since."""
    with connection.cursor() as cursor:
        cursor.execute(_UNSEEN, [run_id])
        return cast(bool, cursor.fetchone()[0])
