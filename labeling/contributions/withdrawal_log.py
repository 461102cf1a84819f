"""The log of withdrawals, a file beside the database: a restored backup brings back
faces and accounts that were taken back since, and replaying the log takes them again.

One JSON object a line, appended and flushed: {"face": id, "at": time} or
{"account": key, "at": time}; "released" says that a dataset release held the face.
Nothing in it tells whose face it was.

It is kept in two places, for a lost disk takes the first along with the database. A
line {"log": inode, "site": key, "at": time} says that this very file hears of every
withdrawal of that site. A copy is another file and does not: what came later it cannot
know.
"""

import errno
import fcntl
import json
import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from labeling.models import Erasure, SiteRecord, Withdrawal

log = logging.getLogger(__name__)

COPIED = 1  # second; what we write ourselves has the same time in both
AN_HOUR = 3600  # seconds; disks of other machines have clocks of their own
HEARS_ALL = re.compile(rb'^{"log"', re.MULTILINE)


class Line(NamedTuple):
    kind: str  # "face" or "account"
    id: UUID
    at: datetime
    was_released: bool = False


def path() -> Path:
    return Path(settings.MIEN_DATA) / "withdrawals.log"


def places() -> list[Path]:
    """Where it is kept: beside the database, and apart from it.

    Of several hosts none hears of all withdrawals, so their own folders have no log:
    there it is the one file that all of them were told to write to.
    """
    kept = [path()] if settings.WITHDRAWAL_LOG_IN_DATA else []
    if settings.WITHDRAWAL_LOG_COPY_HEARS_ALL:
        kept.append(Path(settings.WITHDRAWAL_LOG_COPY))
    return list(dict.fromkeys(kept))


def faces(gone: Iterable[Withdrawal]) -> None:
    _append(_line(face) for face in gone)


def account(key: UUID, at: datetime) -> None:
    _append([Line("account", key, at)])


def begin() -> None:
    """At a start: both places know all that was withdrawn, and hear all from now on."""
    if path() not in places():
        _strike_out(path())  # it did, while this host was the only one
    if not places():
        log.warning(
            "no log of withdrawals is kept: set WITHDRAWAL_LOG_COPY to a file that all "
            "hosts of this site write to"
        )
    for place in places():
        try:
            write(place)
        except OSError as why:
            log.error("no log of withdrawals can be kept at %s: %s", place, why)


def read(file: Path) -> Iterator[Line]:
    """The lines of a log; one that a crash cut short is passed over."""
    for said in _objects(file):
        if line := _parse(said):
            yield line


def from_database() -> Iterator[Line]:
    """The same as the database knows it: what another machine logged, too."""
    for face in Withdrawal.objects.iterator():
        yield _line(face)
    for erasure in Erasure.objects.iterator():
        yield Line("account", erasure.pk, erasure.erased_at)


def write(file: Path) -> int:
    """Everything that database or log know, into one file; how many lines it has.

    What it lacks is appended, for somebody may be appending at the same moment.
    """
    known = {(line.kind, line.id): line for line in from_database()}
    if path().exists():
        known.update({(line.kind, line.id): line for line in read(path())})
    there = {(line.kind, line.id) for line in read(file)} if file.exists() else set()
    text = "".join(_text(line) for name, line in known.items() if name not in there)
    distrust_copy(file)
    _write(file, text)
    site = SiteRecord.get().key
    if file in places() and (text or not hears_all(file, site)):
        mark = {"log": file.stat().st_ino, "site": str(site)}
        _write(file, json.dumps(mark | {"at": timezone.now().isoformat()}) + "\n")
    return len(there | known.keys())


def hears_all(file: Path, site: UUID) -> bool:
    """Whether every withdrawal of this site has been written to this very file."""
    if not file.exists():
        return False
    mark = (file.stat().st_ino, str(site))
    marks = ((said.get("log"), said.get("site")) for said in _objects(file))
    return mark in marks and _is_untouched(file)


def distrust_copy(file: Path) -> None:
    """Before anything is written to it, for then it looks like ours."""
    if file.exists() and not _is_untouched(file):
        _strike_out(file)


def _is_untouched(file: Path) -> bool:
    """Nobody but us wrote it: a copy that was put back has the time of that as `ctime`,
    beside an old `mtime` or an old last line."""
    found = file.stat()
    times = [moment for said in _objects(file) if (moment := _time(said))]
    return (
        abs(found.st_ctime - found.st_mtime) < COPIED
        and bool(times)
        and abs(found.st_mtime - max(times).timestamp()) < AN_HOUR
    )


def _append(lines: Iterable[Line]) -> None:
    """The withdrawal stands already: a full disk must not turn it into an error."""
    text = "".join(map(_text, lines))
    for place in places() if text else []:
        try:
            _write(place, text)
        except OSError as why:
            log.error("%s: the log of withdrawals cannot be written: %s", place, why)
            _strike_out(place)


def _write(file: Path, text: str) -> None:
    """Append, after whatever line was cut short; on the disk when this returns."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # hosts may share it over a network
        found = os.fstat(handle)
        if abs(found.st_ctime - found.st_mtime) >= COPIED:
            _strike_out(file)
        size = found.st_size
        is_cut = size and os.pread(handle, 1, size - 1) != b"\n"
        content = (b"\n" if is_cut else b"") + text.encode()
        if os.write(handle, content) < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(handle)
    finally:
        os.close(handle)


def _strike_out(file: Path) -> None:
    """It missed a line, so it does not hear all: a letter of its mark goes, in its
    place, for which a full disk has room."""
    with suppress(OSError), file.open("r+b") as content:
        for mark in HEARS_ALL.finditer(content.read()):
            content.seek(mark.start())
            content.write(b"#")


def _objects(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(errors="replace") as lines:
        for text in lines:
            if not text.strip() or text.startswith("#"):
                continue
            try:
                said = json.loads(text)
                if not isinstance(said, dict):
                    raise ValueError
                yield said
            except ValueError:
                log.warning("%s: a line of the log cannot be read", file)


def _line(gone: Withdrawal) -> Line:
    return Line("face", gone.pk, gone.withdrawn_at, gone.was_released)


def _text(line: Line) -> str:
    said = {line.kind: str(line.id), "at": line.at.isoformat()}
    extra = {"released": True} if line.was_released else {}
    return json.dumps(said | extra) + "\n"


def _time(said: Mapping[str, Any]) -> datetime | None:
    try:
        return parse_datetime(said["at"])
    except (KeyError, TypeError, ValueError):
        return None


def _parse(said: Mapping[str, Any]) -> Line | None:
    if "log" in said:
        return None
    try:
        at = _time(said)
        kind = "face" if "face" in said else "account"
        was_released = bool(said.get("released"))
        return Line(kind, UUID(said[kind]), at, was_released) if at else None
    except (ValueError, KeyError, TypeError, AttributeError):
        log.warning("a line of the log of withdrawals makes no sense")
        return None
