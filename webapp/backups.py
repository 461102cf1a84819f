"""Dump the database to a file, and bring one back, with Postgres' own programs.

A restore is made in a new database beside the one in use. Faces and accounts that were
taken back since the dump are taken back again there, and only then the two change
places: at no moment does the site's database hold a face that its giver withdrew.
Where nobody can tell what was withdrawn since, nothing is restored, or all faces are
set aside.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import IO
from uuid import UUID

import psycopg2
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from psycopg2 import errors, sql

from labeling import audit, withdrawal_replay
from labeling.contributions import face_reports, retention, withdrawal_log
from labeling.models import AuditEntry, Contribution, SiteRecord, User, Withdrawal
from webapp import backup_encryption, postgres_clients
from webapp.backup_encryption import KeyProblem
from webapp.postgres_clients import ProgramFailed

LOG_NAME = "withdrawals.log"
# Who is signed in is nobody's business in a backup.
LEFT_OUT = ("django_session", "labeling_session")


class Failed(Exception):
    """Why there is no backup or no restore, in one sentence."""


def default_file(addition: str = "") -> Path:
    """Where the log of withdrawals has its second place: both outlive the database."""
    moment = timezone.now().strftime("%Y-%m-%d-%H%M%S")
    ending = ".age" if settings.BACKUP_KEY else ""
    name = f"mien-{moment}{addition}.dump{ending}"
    return Path(settings.WITHDRAWAL_LOG_COPY).with_name(name)


def dump(file: Path) -> None:
    """Write a dump that only its owner can read; beside it, the log of withdrawals.

    Older dumps beside it have served their time: nobody's face is kept in one for
    longer than the privacy page says.
    """
    tables = connection.introspection.table_names()
    if Withdrawal._meta.db_table not in tables:
        raise Failed("there is nothing in the database yet.")
    if AuditEntry._meta.db_table not in tables:
        raise Failed(
            "the database is of an earlier version of Mien: back it up with that one, "
            "or start this one first."
        )
    SiteRecord.get()  # By it a restore knows whose log speaks for this dump.
    with transaction.atomic():
        audit.record(audit.Act.BACKED_UP, details={"file": file.name})
        _dump_tables(file)
    log = file.with_name(LOG_NAME)
    withdrawal_log.write(log)
    if log.stat().st_mode & 0o077:
        log.chmod(0o600)
    retention.prune_dumps(file.parent)


def dump_before_upgrade() -> Path:
    """The tables as an earlier version left them, before anything is changed: what
    their rows mean, that version knows. Deleted with time, as other dumps are."""
    file = default_file("-before-upgrade")
    _dump_tables(file)
    retention.prune_dumps(file.parent)
    return file


def _dump_tables(file: Path) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    # Of an extension only its owner may write a comment, and a restore need not be.
    left_out = ["--no-comments"]
    left_out += [f"--exclude-table-data={table}" for table in LEFT_OUT]
    try:
        with (
            os.fdopen(descriptor, "wb") as kept,
            postgres_clients.written_by(
                "pg_dump", "--format=custom", *left_out, _name()
            ) as plain,
        ):
            _keep(plain, kept)
        part.rename(file)
    except ProgramFailed as why:
        raise Failed(str(why)) from why
    finally:
        part.unlink(missing_ok=True)


def _keep(plain: IO[bytes], kept: IO[bytes]) -> None:
    if not settings.BACKUP_KEY:
        copyfileobj(plain, kept)
        return
    try:
        backup_encryption.encrypt(plain, kept, settings.BACKUP_KEY)
    except KeyProblem as why:
        raise Failed(f"BACKUP_KEY does not fit: {why}") from why


def restore(
    file: Path,
    *,
    key: str = "",
    newest_log: Path | None = None,
    accept_resurrection: bool = False,
) -> tuple[int, int]:
    """Put a dump in the place of the database; (faces, accounts) taken back again.

    `newest_log`: a log of the dump's site that, as whoever asks knows, misses nothing.
    Without it, and where neither the database that is replaced nor a log in its place
    is known to miss nothing, all faces are in doubt: Failed, or with
    `accept_resurrection` they are set aside. `key` opens an encrypted dump; without it,
    BACKUP_KEY does.
    """
    try:
        with backup_encryption.opened(file, key or settings.BACKUP_KEY) as plain:
            return _restore(file, plain, newest_log, accept_resurrection)
    except KeyProblem as why:
        raise Failed(f"{file.name} stays closed: {why}") from why
    except ProgramFailed as why:
        raise Failed(str(why)) from why


def _restore(
    file: Path, plain: IO[bytes], newest_log: Path | None, accept_resurrection: bool
) -> tuple[int, int]:
    made = _made_at(postgres_clients.run("pg_restore", "--list", stdin=plain))
    for place in withdrawal_log.places():
        withdrawal_log.distrust_copy(place)
    call_command("migrate", verbosity=0, interactive=False)
    acts = list(AuditEntry.objects.all())
    name, here = _name(), SiteRecord.get().key
    fresh, former = f"{name}_restored", f"{name}_before_restore"
    _make_room(name, fresh, former)
    with TemporaryDirectory() as folder:
        known_here = Path(folder) / LOG_NAME
        withdrawal_log.write(known_here)
        beside = file.with_name(LOG_NAME)
        logs = [known_here, *withdrawal_log.places(), beside, newest_log]
        try:
            options = ("--no-owner", "--no-privileges", "--exit-on-error")
            into = (*options, f"--dbname={fresh}")
            postgres_clients.run("pg_restore", *into, stdin=plain)
            with _using(fresh):
                call_command("migrate", verbosity=0, interactive=False)
                is_certain = _is_certain(here, newest_log)
                taken_back = _replay(log for log in logs if log and log.exists())
                if not is_certain:
                    _set_aside(made, is_accepted=accept_resurrection)
                _record_restore(file, acts, is_certain=is_certain)
        except BaseException:
            with _server() as execute:
                execute("drop database {} with (force)", fresh)
            raise
    _change_places(name, fresh, former)
    withdrawal_log.begin()
    return taken_back


def _change_places(name: str, fresh: str, former: str) -> None:
    with _server() as execute:
        execute("begin")
        execute("alter database {} rename to {}", name, former)
        execute("alter database {} rename to {}", fresh, name)
        execute("commit")
        execute("drop database {} with (force)", former)


def _make_room(name: str, fresh: str, former: str) -> None:
    """An empty database `fresh`, if nobody uses `name`, which is to go."""
    with _server() as execute:
        execute("drop database if exists {} with (force)", former)
        # A trial: Postgres refuses it while anybody else is connected.
        execute("begin")
        execute("alter database {} rename to {}", name, former)
        execute("rollback")
        execute("drop database if exists {} with (force)", fresh)
        execute("create database {}", fresh)


@transaction.atomic
def _record_restore(file: Path, acts: list[AuditEntry], *, is_certain: bool) -> None:
    """What was done since the dump stays on record, and what was removed stays out."""
    audit.keep(acts)
    face_reports.remember_all_removed()
    details = {"file": file.name, "set_aside": not is_certain}
    audit.record(audit.Act.RESTORED, details=details)


def _replay(logs: Iterable[Path]) -> tuple[int, int]:
    """(faces, accounts) that were taken back again."""
    counts = [withdrawal_replay.replay(log) for log in dict.fromkeys(logs)]
    return sum(faces for faces, _ in counts), sum(accounts for _, accounts in counts)


def _is_certain(here: UUID, newest_log: Path | None) -> bool:
    """Whether every withdrawal since the dump, which was just restored, is known.

    `here`: the site whose database is replaced; being its own, it knows them all.
    """
    site = SiteRecord.get().key
    heard = [
        log for log in withdrawal_log.places() if withdrawal_log.hears_all(log, site)
    ]
    known = withdrawal_replay.tombstones()
    for log in [newest_log] if newest_log else heard:
        missing = known - {line.id for line in withdrawal_log.read(log)}
        if not missing:
            return True
        if newest_log:
            raise Failed(
                f"{log} is not the newest log of this dump's site: it lacks "
                f"{len(missing)} withdrawals that the dump knows of."
            )
    return site == here


def _set_aside(made: str, *, is_accepted: bool) -> None:
    """All faces; or Failed, with what is in doubt."""
    if is_accepted:
        withdrawal_replay.set_all_aside()
        return
    faces, accounts = Contribution.objects.count(), User.objects.count()
    raise Failed(
        f"the newest log of withdrawals is not to be found. The dump was made {made}; "
        f"each of its {faces} faces and {accounts} accounts may have been taken back "
        "since, and would be here again. If you have that log, from the MIEN_DATA or "
        "the WITHDRAWAL_LOG_COPY of the site that made the dump, name it, as in "
        "`make restore DUMP ARGS='--log FILE'`. Without it, --accept-resurrection goes "
        f"on and sets all {faces} faces aside: nobody sees them and no training uses "
        "them until their givers consent anew."
    )


def _made_at(contents: str) -> str:
    """When, as pg_restore says it."""
    found = re.search(r"Archive created at (.+)", contents)
    return f"at {found[1].strip()}" if found else "nobody knows when"


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
