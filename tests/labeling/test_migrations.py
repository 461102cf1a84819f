"""What a migration does where it was sent away in the middle before."""

from importlib import import_module

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def which_index(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::regclass::oid", [name])
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("0028_indexes_for_many_faces", "superusers"),
        ("0033_index_of_releasable_faces", "releasable_faces"),
    ],
)
def test_an_index_that_was_left_behind_half_built_is_built_anew(
    name: str, index: str
) -> None:
    migration = import_module(f"labeling.migrations.{name}")
    loader = MigrationExecutor(connection).loader
    known = loader.disk_migrations["labeling", name]
    state = loader.project_state(known.dependencies[0])
    left_behind = which_index(index)
    with connection.schema_editor(atomic=False) as editor:
        for operation in migration.Migration.operations[-2:]:
            before = state.clone()
            operation.state_forwards("labeling", state)
            operation.database_forwards("labeling", editor, before, state)
    assert which_index(index) != left_behind
