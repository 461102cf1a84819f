"""Postgres' own programs, such as pg_dump, run on the database that Django uses."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO, cast

from django.db import connection

from labeling.pgvector import INDEXING
from webapp.config import postgres_programs


class ProgramFailed(Exception):
    """What one complained of first."""


def run(program: str, *arguments: str, stdin: IO[bytes] | None = None) -> str:
    """What it said; a file that it reads is read from its beginning."""
    if stdin:
        stdin.seek(0)
    done = subprocess.run(
        [postgres_programs.folder() / program, *arguments],
        env=_environment(),
        stdin=stdin,
        capture_output=True,
        text=True,
    )
    _check(program, done.returncode, done.stderr)
    return done.stdout


@contextmanager
def written_by(program: str, *arguments: str) -> Iterator[IO[bytes]]:
    """What it writes, while it writes it; ProgramFailed at the end, if it did."""
    command = [str(postgres_programs.folder() / program), *arguments]
    with TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            command, env=_environment(), stdout=subprocess.PIPE, stderr=complaints
        )
        with process, cast(IO[bytes], process.stdout) as written:
            yield written
        complaints.seek(0)
        _check(program, process.returncode, complaints.read())


def _check(program: str, code: int, complaints: str) -> None:
    if code:
        said = complaints.strip().splitlines() or ["it gave no reason"]
        raise ProgramFailed(f"{program} failed: {said[0]}")


def _environment() -> dict[str, str]:
    """By it Postgres' programs find the database that Django uses."""
    found = connection.settings_dict
    given = {
        "PGHOST": found["HOST"],
        "PGPORT": found["PORT"],
        "PGUSER": found["USER"],
        "PGPASSWORD": found["PASSWORD"],
        "PGOPTIONS": " ".join(f"-c {name}={value}" for name, value in INDEXING.items()),
        **{f"PG{name.upper()}": str(value) for name, value in found["OPTIONS"].items()},
    }
    return {**os.environ, **{name: value for name, value in given.items() if value}}
