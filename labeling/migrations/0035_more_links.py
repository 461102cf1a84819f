"""The index of faces' vectors with more links (docs/duplicates.md), built beside the
one that is there, by which the former version goes on to compare faces."""

from django.db import migrations

from labeling.pgvector import building

INDEX = "faces_by_vector"
NEW = f"{INDEX}_new"
STATEMENTS = (
    # Who waits for a transaction of others here makes nobody wait; sent away after
    # seconds, as from a table, this would have to begin anew after minutes of work.
    "SELECT set_config('mien.lock_timeout', current_setting('lock_timeout'), false)",
    "SET lock_timeout = '10min'",
    f"DROP INDEX CONCURRENTLY IF EXISTS {NEW}",  # broken off in the middle
    *building(NEW),
    f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}",
    f"ALTER INDEX {NEW} RENAME TO {INDEX}",
    "SELECT set_config('lock_timeout', current_setting('mien.lock_timeout'), false)",
)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("labeling", "0034_training_hosts"),
    ]

    operations = [
        migrations.RunSQL(statement, migrations.RunSQL.noop) for statement in STATEMENTS
    ]
