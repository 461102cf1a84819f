"""Run `python -m ml …` as a child: its lines as they come, its end in seconds."""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import IO

from django.conf import settings

from ml import training_events
from ml.training_events import Event

PATIENCE = 3.0  # seconds between a polite end and a kill
SILENCE = 1800.0  # without a line for so long, the child hangs
TAIL = 40  # lines of its complaints that are kept
# What TensorFlow says about itself when it starts: never why a child failed.
NOISE = re.compile(r"[IWE]\d{4} |WARNING: All log messages before")


class SubprocessFailed(Exception):
    """The child ended badly. `sentence` is for people, `tail` for the log."""

    def __init__(self, sentence: str, *, code: int, tail: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
        self.tail = tail
        self.lost_another = False  # another process of the same training

    @property
    def was_killed(self) -> bool:
        return self.code == -signal.SIGKILL

    @property
    def was_ended(self) -> bool:
        """Politely, by somebody else than its worker."""
        return self.code in (-signal.SIGTERM, 128 + signal.SIGTERM)


def train(
    arguments: Sequence[str | os.PathLike[str]],
    *,
    go_on: Callable[[], None],
    on_event: Callable[[Event], None],
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run ML_COMMAND with arguments, whose events go to `on_event`.

    `go_on` raises what shall end the child; it is gone when that arrives.
    Raises SubprocessFailed, and training_events.BadEvent.
    """
    error: training_events.Error | None = None

    def on_line(line: str) -> None:
        nonlocal error
        event = training_events.parse(line)
        if isinstance(event, training_events.Error):
            error = event
        if event is not None:
            on_event(event)

    try:
        _run(arguments, go_on=go_on, on_line=on_line, environment=environment or {})
    except SubprocessFailed as failure:
        if error:
            failure.sentence = error.message
            failure.lost_another = error.code == training_events.WORKER_LOST
        raise


def ask(
    arguments: Sequence[str | os.PathLike[str]], *, go_on: Callable[[], None]
) -> dict[str, object] | None:
    """Run ML_COMMAND with arguments: the last JSON object that it prints.

    `go_on` as for `train`. Raises SubprocessFailed.
    """
    answer: dict[str, object] | None = None

    def on_line(line: str) -> None:
        nonlocal answer
        answer = _json_object(line) or answer

    _run(arguments, go_on=go_on, on_line=on_line, environment={})
    return answer


def _run(
    arguments: Sequence[str | os.PathLike[str]],
    *,
    go_on: Callable[[], None],
    on_line: Callable[[str], None],
    environment: Mapping[str, str],
) -> None:
    child = _start(arguments, environment)
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    tail: deque[str] = deque(maxlen=TAIL)
    readers = [
        threading.Thread(target=_pass_on, args=(child.stdout, lines), daemon=True),
        threading.Thread(target=_keep, args=(child.stderr, tail), daemon=True),
    ]
    for reader in readers:
        reader.start()
    try:
        for line in _lines(lines, tail, go_on):
            on_line(line)
    finally:
        _end(child)
        for reader in readers:
            reader.join(1)
    if child.returncode:
        raise SubprocessFailed(
            _why(child.returncode, tail), code=child.returncode, tail="\n".join(tail)
        )


def _lines(
    lines: "queue.SimpleQueue[str | None]",
    tail: "deque[str]",
    go_on: Callable[[], None],
) -> Iterator[str]:
    """What the child says, until it ends or has been silent for too long."""
    heard_at = time.monotonic()
    while True:
        go_on()
        try:
            line = lines.get(timeout=0.5)
        except queue.Empty:
            if time.monotonic() - heard_at > SILENCE:
                tail.append(f"no sign of life for {SILENCE:.0f} s")
                return
            continue
        if line is None:
            return
        heard_at = time.monotonic()
        yield line


def _start(
    arguments: Sequence[str | os.PathLike[str]], environment: Mapping[str, str]
) -> subprocess.Popen[str]:
    command = [
        *(sys.executable, "-m", "workers.parent_death", str(os.getpid())),
        *settings.ML_COMMAND,
        *(os.fspath(argument) for argument in arguments),
    ]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        cwd=settings.BASE_DIR,
        env={**_environment(), **environment},
        start_new_session=True,  # so that the whole family can be ended
    )


def _environment() -> dict[str, str]:
    """What the child needs, and no secrets: it reads pictures from strangers."""
    secret = {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "EMAIL_URL"}
    # compose.yaml gives every container the same file of settings.
    secret |= {"POSTGRES_PASSWORD", "MIEN_ADMIN_EMAIL", "MIEN_ADMIN_PASSWORD"}
    keep = {
        k: v for k, v in os.environ.items() if k.removesuffix("_FILE") not in secret
    }
    return {
        **keep,
        "MIEN_DATA": str(settings.MIEN_DATA),
        "FACE_DETECTOR": str(settings.FACE_DETECTOR),
        "PYTHONUNBUFFERED": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }


def _end(child: subprocess.Popen[str]) -> None:
    """Politely, then not; and whatever it has started goes with it."""
    if child.poll() is None:
        child.terminate()
        with suppress(subprocess.TimeoutExpired):
            child.wait(PATIENCE)
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _pass_on(pipe: IO[str] | None, lines: "queue.SimpleQueue[str | None]") -> None:
    for line in pipe or ():
        lines.put(line)
    lines.put(None)


def _keep(pipe: IO[str] | None, tail: "deque[str]") -> None:
    for line in pipe or ():
        tail.append(line.rstrip()[:500])


def _json_object(line: str) -> dict[str, object] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _why(code: int, tail: "deque[str]") -> str:
    for line in reversed(tail):
        if line.strip() and not NOISE.match(line):
            return line.strip()
    return f"ended with status {code}"
