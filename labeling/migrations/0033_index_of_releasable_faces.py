"""An index that a release of a million faces asks for, built as in 0028 while the former
version serves."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q

DROP = "DROP INDEX CONCURRENTLY IF EXISTS releasable_faces"


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("labeling", "0032_answers_from_devices"),
    ]

    operations = [
        # One that was broken off in the middle is not valid.
        migrations.RunSQL(DROP, migrations.RunSQL.noop),
        AddIndexConcurrently("contribution", models.Index(
            fields=["id"],
            condition=Q(status="accepted", may_be_released=True) & ~Q(split="exam"),
            name="releasable_faces",
        )),
    ]
