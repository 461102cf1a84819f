"""What Django does not know of pgvector, Postgres' extension `vector`: its type, its
index, and whether it is there."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import ProgrammingError, connection, models, transaction

EXTENSION = "vector"
OLDEST = (0, 8)

# The graph of faces: links of each, and how many it chooses them from.
# docs/duplicates.md holds how these were chosen.
GRAPH = {"m": 32, "ef_construction": 128}
# It is built in memory, 1.3 GB of it for a million; and by one process, for several
# share memory, of which a container has little.
INDEXING = {"maintenance_work_mem": "1400MB", "max_parallel_maintenance_workers": "0"}


class HalfVector(models.Field[str, str]):
    """Numbers of 16 bits, as pgvector keeps them; written as text, `[.1,.2]`."""

    def __init__(self, numbers: int, **options: Any) -> None:
        self.numbers = numbers
        super().__init__(**options)

    def deconstruct(self) -> Any:
        name, path, _positional, options = super().deconstruct()
        return name, path, [self.numbers], options

    def db_type(self, connection: object) -> str:
        return f"halfvec({self.numbers})"


def building(index: str) -> Iterator[str]:
    """The statements that build it beside all else. Not in a transaction."""
    yield from (f"SET {name} = '{value}'" for name, value in INDEXING.items())
    graph = ", ".join(f"{name} = {value}" for name, value in GRAPH.items())
    yield (
        f"CREATE INDEX CONCURRENTLY {index} ON labeling_facevector "
        f"USING hnsw (numbers halfvec_ip_ops) WITH ({graph})"
    )
    yield from (f"RESET {name}" for name in INDEXING)


def ensure_extension(name: str = EXTENSION) -> None:
    """Have it in this database, or say what is missing where."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(installed_version, default_version), installed_version "
            "FROM pg_available_extensions WHERE name = %s",
            [name],
        )
        version, installed = cursor.fetchone() or ("", None)
        if not version:
            raise ImproperlyConfigured(
                f"This Postgres lacks the extension {name} (pgvector), by which copies "
                "of faces are found. Install it where Postgres runs (as in the image "
                "pgvector/pgvector, or Debian's package postgresql-18-pgvector), and "
                "start again. Nothing was changed."
            )
        if tuple(map(int, version.split(".")[:2])) < OLDEST:
            raise ImproperlyConfigured(
                f"The extension {name} (pgvector) of this Postgres is {version}; it "
                f"takes {OLDEST[0]}.{OLDEST[1]} or later. Nothing was changed."
            )
        if installed:
            return
        try:
            with transaction.atomic():
                cursor.execute(f"CREATE EXTENSION {name}")
        except ProgrammingError as why:
            raise ImproperlyConfigured(
                f"This site's role may not create the extension {name} (pgvector). "
                f"Let a superuser of Postgres say CREATE EXTENSION {name}; in the "
                "site's database, and in template1 too, so that a restore has it. "
                "Then start again. Nothing was changed."
            ) from why
