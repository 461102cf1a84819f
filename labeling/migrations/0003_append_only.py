"""Votes and decisions are never edited, whatever the code does: Postgres refuses it.

They can be deleted with their face, and lose the person who left.
"""

from django.db import migrations

FIXED = {
    "vote": ("id", "contribution_id", "choice"),
    "review": (
        *("id", "contribution_id", "act", "from_status", "to_status", "from_emotion"),
        *("to_emotion", "reason", "note", "undoes_id"),
    ),
}

MAKE = """
CREATE FUNCTION labeling_{table}_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a {table} is append-only' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER {table}_is_fixed BEFORE UPDATE ON labeling_{table} FOR EACH ROW
    WHEN (({new}) IS DISTINCT FROM ({old}))
    EXECUTE FUNCTION labeling_{table}_is_fixed();
"""

DROP = """
DROP TRIGGER {table}_is_fixed ON labeling_{table};
DROP FUNCTION labeling_{table}_is_fixed();
"""


def _sql(text, table):
    columns = FIXED[table]
    return text.format(
        table=table,
        new=", ".join(f"NEW.{column}" for column in columns),
        old=", ".join(f"OLD.{column}" for column in columns),
    )


class Migration(migrations.Migration):
    dependencies = [("labeling", "0002_groups")]

    operations = [
        migrations.RunSQL(_sql(MAKE, table), _sql(DROP, table)) for table in FIXED
    ]
