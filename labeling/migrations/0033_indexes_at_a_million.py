"""Indexes that a release of a million faces asks for, built as in 0028 while the former
version serves: of the faces that may be released, and of the votes on gold faces, which
tell of a voter without reading the votes themselves."""

from django.contrib.postgres.operations import (
    AddIndexConcurrently,
    RemoveIndexConcurrently,
)
from django.db import migrations, models
from django.db.models import Index, Q


def built(model: str, index: Index) -> list[migrations.operations.base.Operation]:
    """One that was broken off in the middle is not valid: it goes first."""
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}"
    return [
        migrations.RunSQL(drop, migrations.RunSQL.noop),
        AddIndexConcurrently(model, index),
    ]


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("labeling", "0032_answers_from_devices"),
    ]

    operations = [
        *built("contribution", models.Index(
            fields=["id"],
            condition=Q(status="accepted", may_be_released=True) & ~Q(split="exam"),
            name="releasable_faces",
        )),
        *built("vote", models.Index(
            fields=["voter", "device_hash"],
            include=["choice", "gold_answer", "contribution"],
            condition=~Q(gold_answer=""),
            name="gold_records",
        )),
        RemoveIndexConcurrently("vote", "gold_votes"),
    ]
