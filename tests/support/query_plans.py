"""How Postgres would answer a question if the tables were large."""

from typing import Any

from django.db import connection, transaction


def plan_of(sql: str, params: Any = None) -> str:
    """Where an index fits it is taken, as among many rows; the few of a test are read
    from end to end."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}", params)
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("SET LOCAL enable_seqscan = on")
        return plan
