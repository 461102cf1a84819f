"""The children: bound to our life, restarted when they die, ended in order."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from deploy.supervisor.guard import Guard
from webapp.config.startup_error import StartupError
from workers.parent_death import end_with_parent

LONGEST_WAIT = 30.0  # seconds between two attempts at a child that keeps dying
SETTLED = 60.0  # seconds after which a child counts as healthy again


@dataclass
class Child:
    """One program of the site. `stop` are the signals that end it, kindest first."""

    name: str
    start: Callable[[], "subprocess.Popen[bytes]"]
    stop: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGKILL)
    grace: float = 15.0  # seconds between two of them
    wait_until_ready: Callable[["subprocess.Popen[bytes]"], None] = lambda process: None
    process: "subprocess.Popen[bytes] | None" = None
    wait: float = 0.0
    started_at: float = 0.0
    due_at: float = field(default=0.0)

    @property
    def running(self) -> "subprocess.Popen[bytes]":
        if self.process is None:
            raise StartupError(f"{self.name} does not run.")
        return self.process

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


def start(child: Child, guard: Guard) -> None:
    child.process = child.start()
    child.started_at = time.monotonic()
    guard.watch(child.process.pid)


def look_after(child: Child, guard: Guard) -> None:
    """Restart a child that died: at once the first time, ever later if it goes on."""
    if child.is_alive:
        return
    now = time.monotonic()
    if child.process is not None:
        if now - child.started_at > SETTLED:
            child.wait = 0.0
        print(
            f"{child.name} ended ({_how(child.process.returncode)}); "
            f"it starts again in {child.wait:.0f} s.",
            file=sys.stderr,
            flush=True,
        )
        _sweep(child.process.pid)
        guard.forget(child.process.pid)
        child.process = None
        child.due_at = now + child.wait
        child.wait = min(max(1.0, child.wait * 2), LONGEST_WAIT)
    if now < child.due_at:
        return
    try:
        start(child, guard)
    except (OSError, StartupError) as why:
        child.due_at = now + child.wait
        child.wait = min(max(1.0, child.wait * 2), LONGEST_WAIT)
        print(f"{child.name} does not start: {why}", file=sys.stderr, flush=True)


def end(children: list[Child], is_hurried: Callable[[], bool]) -> None:
    """Ask these to end, all at once, and become less kind as time goes by."""
    for step in range(max(len(child.stop) for child in children)):
        alive = [child for child in children if child.is_alive]
        for child in alive:
            child.running.send_signal(child.stop[min(step, len(child.stop) - 1)])
        deadline = time.monotonic() + max((c.grace for c in alive), default=0)
        while any(c.is_alive for c in alive) and time.monotonic() < deadline:
            if is_hurried() and step == 0:
                break
            time.sleep(0.05)
    for child in children:
        if child.process is not None:
            _sweep(child.process.pid)


def _sweep(group: int) -> None:
    """What a dead child left behind in its process group goes with it."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def _how(code: int) -> str:
    if code >= 0:
        return f"exit status {code}"
    return signal.Signals(-code).name


def program(
    arguments: list[str], *, cwd: Path, pass_fds: tuple[int, ...] = ()
) -> "subprocess.Popen[bytes]":
    """A program of ours, in a group of its own, so that Ctrl-C reaches us alone."""
    return subprocess.Popen(
        # Celery warns of root at length; that root may start the site is our promise.
        [sys.executable, "-W", "ignore:You're running the worker", "-m", *arguments],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        pass_fds=pass_fds,
        preexec_fn=partial(end_with_parent, os.getpid(), signal.SIGTERM),
        process_group=0,
    )
