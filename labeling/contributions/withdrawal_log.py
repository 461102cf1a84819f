"""The log of withdrawals, a file beside the database: a restored backup brings back
faces and accounts that were taken back since, and replaying the log takes them again.

One JSON object a line, appended and flushed: {"face": id, "at": time} or
{"account": key, "at": time}; "released" says that a dataset release held the face.
Nothing in it tells whose face it was.
"""

import json
import logging
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.utils.dateparse import parse_datetime

from labeling.models import Erasure, Withdrawal

log = logging.getLogger(__name__)


class Line(NamedTuple):
    kind: str  # "face" or "account"
    id: UUID
    at: datetime
    was_released: bool = False


def path() -> Path:
    return Path(settings.MIEN_DATA) / "withdrawals.log"


def faces(gone: Iterable[Withdrawal]) -> None:
    _append(_line(face) for face in gone)


def account(key: UUID, at: datetime) -> None:
    _append([Line("account", key, at)])


def read(file: Path) -> Iterator[Line]:
    """The lines of a log; one that a crash cut short is passed over."""
    with file.open() as lines:
        for text in lines:
            line = _parse(text)
            if line:
                yield line
            elif text.strip():
                log.warning("%s: a line of the log cannot be read", file)


def from_database() -> Iterator[Line]:
    """The same as the database knows it: what another machine logged, too."""
    for face in Withdrawal.objects.iterator():
        yield _line(face)
    for erasure in Erasure.objects.iterator():
        yield Line("account", erasure.pk, erasure.erased_at)


def write(file: Path) -> int:
    """Everything that database or log know, into one file; how many lines."""
    known = {(line.kind, line.id): line for line in from_database()}
    if path().exists():
        known.update({(line.kind, line.id): line for line in read(path())})
    part = file.with_name(f"{file.name}.part")
    part.write_text("".join(map(_text, known.values())))
    part.replace(file)
    return len(known)


def _append(lines: Iterable[Line]) -> None:
    """The withdrawal stands already: a full disk must not turn it into an error."""
    text = "".join(map(_text, lines)).encode()
    if not text:
        return
    try:
        path().parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, text)
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as why:
        log.error("the log of withdrawals cannot be written: %s", why)


def _line(gone: Withdrawal) -> Line:
    return Line("face", gone.pk, gone.withdrawn_at, gone.was_released)


def _text(line: Line) -> str:
    said = {line.kind: str(line.id), "at": line.at.isoformat()}
    extra = {"released": True} if line.was_released else {}
    return json.dumps(said | extra) + "\n"


def _parse(text: str) -> Line | None:
    try:
        said = json.loads(text)
        at = parse_datetime(said["at"])
        kind = "face" if "face" in said else "account"
        was_released = bool(said.get("released"))
        return Line(kind, UUID(said[kind]), at, was_released) if at else None
    except (ValueError, KeyError, TypeError):
        return None
