"""Where a run's pixels and half-made models lie: private, and gone when it ends."""

import re
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from django.conf import settings

from labeling.models import TrainingRun

_NAME = re.compile(r"run-(\d+)-(\d+)(-\d+)?")


@contextmanager
def folder(run_id: int, attempt: int, *, place: int = 0) -> Iterator[Path]:
    """A folder of this attempt's own, 0700, removed in the end; of several hosts'
    (which may be one machine) each has one."""
    _tidy()
    path = _home() / (f"run-{run_id}-{attempt}" + (f"-{place}" if place else ""))
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(mode=0o700)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def pack(checkpoint: Path) -> bytes:
    """A checkpoint's folder as a tar. It may be replaced meanwhile, also by a shorter
    one while it is read: then once more."""
    for _ in range(5):
        try:
            before = checkpoint.stat().st_ino
            content = BytesIO()
            with tarfile.open(fileobj=content, mode="w") as tar:
                tar.add(checkpoint, arcname="checkpoint")
            if checkpoint.stat().st_ino == before:
                return content.getvalue()
        except OSError:
            continue
    raise FileNotFoundError(checkpoint)


def unpack(content: bytes, into: Path) -> None:
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tarfile.open(fileobj=BytesIO(content)) as tar:
        tar.extractall(into, filter="data")


def _home() -> Path:
    home = Path(settings.MIEN_DATA) / "scratch"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return home


def _tidy() -> None:
    """Remove what killed workers have left here."""
    on = {
        (run.pk, run.attempt)
        for run in TrainingRun.objects.filter(status__in=TrainingRun.RUNNING)
    }
    for path in _home().iterdir():
        match = _NAME.fullmatch(path.name)
        if match and (int(match[1]), int(match[2])) not in on:
            shutil.rmtree(path, ignore_errors=True)
