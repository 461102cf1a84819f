"""Dump the database to a file, and bring one back, with Postgres' own programs.

A restore is made in a new database beside the one in use. Faces and accounts that were
taken back since the dump are taken back again there, and only then the two change
places: at no moment does the site's database hold a face that its giver withdrew.
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from psycopg2 import errors, sql

from labeling import audit, withdrawal_replay
from labeling.contributions import withdrawal_log
from labeling.models import AuditEntry, Withdrawal
from webapp.config import postgres_programs

LOG_NAME = "withdrawals.log"
# Who is signed in is nobody's business in a backup.
LEFT_OUT = ("django_session", "labeling_session")


class Failed(Exception):
    """Why there is no backup or no restore, in one sentence."""


def default_file() -> Path:
    moment = timezone.now().strftime("%Y-%m-%d-%H%M%S")
    return Path.home() / "mien-backups" / f"mien-{moment}.dump"


def dump(file: Path) -> None:
    """Write a dump that only its owner can read; beside it, the log of withdrawals."""
    tables = connection.introspection.table_names()
    if Withdrawal._meta.db_table not in tables:
        raise Failed("there is nothing in the database yet.")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    left_out = [f"--exclude-table-data={table}" for table in LEFT_OUT]
    try:
        with transaction.atomic():
            if AuditEntry._meta.db_table in tables:  # not before its migration
                audit.record(audit.Act.BACKED_UP, details={"file": file.name})
            _run("pg_dump", "--format=custom", *left_out, f"--file={part}", _name())
            part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    log = file.with_name(LOG_NAME)
    withdrawal_log.write(log)
    log.chmod(0o600)


def restore(file: Path) -> tuple[int, int]:
    """Put a dump in the place of the database; (faces, accounts) taken back again."""
    _run("pg_restore", "--list", str(file))
    name = _name()
    fresh, former = f"{name}_restored", f"{name}_before_restore"
    logs = [withdrawal_log.path(), file.with_name(LOG_NAME)]
    call_command("migrate", verbosity=0, interactive=False)
    withdrawal_log.write(logs[0])
    acts = list(AuditEntry.objects.all())
    with _server() as execute:
        execute("drop database if exists {} with (force)", former)
        # A trial: Postgres refuses it while anybody else is connected.
        execute("begin")
        execute("alter database {} rename to {}", name, former)
        execute("rollback")
        execute("drop database if exists {} with (force)", fresh)
        execute("create database {}", fresh)
    options = ("--no-owner", "--no-privileges", "--exit-on-error")
    _run("pg_restore", *options, f"--dbname={fresh}", str(file))
    with _using(fresh):
        call_command("migrate", verbosity=0, interactive=False)
        counts = [withdrawal_replay.replay(log) for log in logs if log.exists()]
        _record_restore(file, acts)
    with _server() as execute:
        execute("begin")
        execute("alter database {} rename to {}", name, former)
        execute("alter database {} rename to {}", fresh, name)
        execute("commit")
        execute("drop database {} with (force)", former)
    return sum(faces for faces, _ in counts), sum(accounts for _, accounts in counts)


@transaction.atomic
def _record_restore(file: Path, acts: list[AuditEntry]) -> None:
    """What was done since the dump stays on record."""
    audit.keep(acts)
    audit.record(audit.Act.RESTORED, details={"file": file.name})


def _name() -> str:
    return str(connection.settings_dict["NAME"])


@contextmanager
def _using(name: str) -> Iterator[None]:
    """Django speaks to another database of the same server for a while."""
    usual = _name()
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


@contextmanager
def _server() -> Iterator[Callable[..., None]]:
    """Statements about whole databases, whose names go into the braces."""
    connection.close()
    settings = connection.get_connection_params() | {"dbname": "postgres"}
    settings = {k: v for k, v in settings.items() if k not in ("cursor_factory",)}
    with closing(psycopg2.connect(**settings)) as server:
        server.autocommit = True
        cursor = server.cursor()

        def execute(statement: str, *names: str) -> None:
            try:
                cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
            except errors.ObjectInUse:
                raise Failed(
                    "The database is in use: stop the site and its workers first."
                ) from None
            except errors.InsufficientPrivilege:
                raise Failed(
                    "A restore makes a new database: its user needs CREATEDB."
                ) from None

        yield execute


def _run(program: str, *arguments: str) -> None:
    found = connection.settings_dict
    given = {
        "PGHOST": found["HOST"],
        "PGPORT": found["PORT"],
        "PGUSER": found["USER"],
        "PGPASSWORD": found["PASSWORD"],
        **{f"PG{name.upper()}": str(value) for name, value in found["OPTIONS"].items()},
    }
    done = subprocess.run(
        [postgres_programs.folder() / program] + list(arguments),
        env={**os.environ, **{name: value for name, value in given.items() if value}},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it gave no reason"]
        raise Failed(f"{program} failed: {said[0]}")
