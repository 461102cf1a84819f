"""Indexes that a million faces ask for, built while the former version serves.

Whoever waits for one blocks nobody, but may be sent away (`lock_timeout`), which leaves
an index that is not valid: it is dropped before the next try.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Index, Q


def built(model: str, index: Index) -> list[migrations.operations.base.Operation]:
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}"
    return [
        migrations.RunSQL(drop, migrations.RunSQL.noop),
        AddIndexConcurrently(model, index),
    ]


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("labeling", "0027_face_vectors"),
    ]

    operations = [
        *built("contribution", models.Index(
            fields=["-priority", "created_at"],
            condition=Q(status="waiting", may_be_seen=True, screened_at=None),
            name="desk_unscreened",
        )),
        *built("contribution", models.Index(
            fields=["source", "-priority", "created_at"],
            condition=Q(status="waiting"),
            name="desk_by_source",
        )),
        *built("contribution", models.Index(
            fields=["decided_at"],
            condition=Q(status="accepted"),
            name="accepted_since",
        )),
        *built("contribution", models.Index(
            fields=["source", "-created_at"], name="faces_by_source"
        )),
        *built("contribution", models.Index(
            fields=["source_name"],
            condition=~Q(source_name=""),
            name="faces_by_source_name",
            opclasses=["varchar_pattern_ops"],
        )),
        *built("predictionfeedback", models.Index(
            fields=["created_at"], name="answers_since"
        )),
        *built("user", models.Index(
            fields=["id"], condition=Q(is_superuser=True), name="superusers"
        )),
    ]
