"""Ends every process group of the site when the supervisor is gone, however it went.

The kernel tells the supervisor's own children to end (`workers/parent_death.py`). They
may not listen, and their children know nothing of it; so this small process waits at
the end of a pipe that closes when the supervisor dies. Lines on it: `+7` watch group 7,
`-7` no longer.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import IO

GRACE = 5.0  # seconds between asking and killing


class Guard:
    """The supervisor's end of the pipe."""

    def __init__(self) -> None:
        reading, writing = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-m", __name__],
            stdin=reading,
            start_new_session=True,  # Ctrl-C at the terminal is not for it.
        )
        os.close(reading)
        self._pipe = writing

    def watch(self, group: int) -> None:
        self._write(f"+{group}")

    def forget(self, group: int) -> None:
        self._write(f"-{group}")

    def dismiss(self) -> None:
        """All is ended in good order."""
        os.close(self._pipe)
        self._process.wait()

    def _write(self, line: str) -> None:
        with suppress(BrokenPipeError):
            os.write(self._pipe, line.encode() + b"\n")


def listen(lines: IO[str]) -> set[int]:
    """The groups that are watched when the pipe closes."""
    groups: set[int] = set()
    for line in lines:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    return groups


def end(groups: set[int], grace: float = GRACE) -> None:
    """Ask all of them to end, and kill those that are still there after `grace`."""
    _signal(groups, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while groups and time.monotonic() < deadline:
        groups = _signal(groups, 0)
        time.sleep(0.05)
    _signal(groups, signal.SIGKILL)


def _signal(groups: set[int], number: int) -> set[int]:
    """The groups that still exist."""
    alive = set()
    for group in groups:
        with suppress(ProcessLookupError):
            os.killpg(group, number)
            alive.add(group)
    return alive


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end(listen(sys.stdin))
