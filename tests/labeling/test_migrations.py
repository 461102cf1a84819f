"""What a migration does where it was sent away in the middle before."""

from importlib import import_module

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from labeling import face_vectors, pgvector


def which_index(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::regclass::oid", [name])
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("name", "index", "place"),
    [
        ("0028_indexes_for_many_faces", "superusers", 12),
        ("0033_indexes_at_a_million", "releasable_faces", 0),
        ("0033_indexes_at_a_million", "gold_records", 2),
    ],
)
def test_an_index_that_was_left_behind_half_built_is_built_anew(
    name: str, index: str, place: int
) -> None:
    migration = import_module(f"labeling.migrations.{name}")
    loader = MigrationExecutor(connection).loader
    known = loader.disk_migrations["labeling", name]
    state = loader.project_state(known.dependencies[0])
    left_behind = which_index(index)
    with connection.schema_editor(atomic=False) as editor:
        for number, operation in enumerate(migration.Migration.operations):
            before = state.clone()
            operation.state_forwards("labeling", state)
            if number in (place, place + 1):
                operation.database_forwards("labeling", editor, before, state)
    assert which_index(index) != left_behind


@pytest.mark.django_db(transaction=True)
def test_the_graph_of_faces_is_built_anew_beside_the_one_that_serves() -> None:
    migration = import_module("labeling.migrations.0035_more_links")
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '3s'")
        cursor.execute(f"DROP INDEX {migration.INDEX}")
        for name in (migration.INDEX, migration.NEW):  # and one that was left behind
            cursor.execute(
                f"CREATE INDEX {name} ON labeling_facevector "
                "USING hnsw (numbers halfvec_ip_ops)"
            )
        for statement in migration.STATEMENTS:
            assert face_vectors.are_ready() or statement == migration.STATEMENTS[-2]
            cursor.execute(statement)
        cursor.execute(
            "SELECT relname, reloptions FROM pg_class WHERE starts_with(relname, %s)",
            [migration.INDEX],
        )
        graph = [f"{name}={value}" for name, value in pgvector.GRAPH.items()]
        assert cursor.fetchall() == [(face_vectors.INDEX, graph)]
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("3s",)
        cursor.execute("RESET lock_timeout")
