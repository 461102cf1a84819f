"""What an act costs the database and this process: time, processor time, memory."""

import resource
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction

TURNS = 7  # after one to warm up
LONG = 2.0  # seconds: what takes longer is measured once


@dataclass(frozen=True)
class Cost:
    waited: float  # ms that passed while the database was asked, at least
    database: float  # ms of processor time: of the database,
    cpu: float  # and of it and this process together
    queries: int
    memory: float  # MB more than before, at the peak


def measure(act: Callable[[], object]) -> Cost:
    """Every turn is rolled back, so that each finds the same rows. On a busy machine
    processor time says what an act costs, and the quickest turn how long it takes."""
    began = time.monotonic()
    costs = [_once(act)]
    if time.monotonic() - began < LONG:
        costs = [_once(act) for _ in range(TURNS)]
    return Cost(
        min(cost.waited for cost in costs),
        statistics.median(cost.database for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        costs[-1].queries,
        max(cost.memory for cost in costs),
    )


def _once(act: Callable[[], object]) -> Cost:
    with _rolled_back():
        asked = _Asked()
        peak, ours, theirs = _reset_peak(), time.process_time(), _database_cpu()
        with connection.execute_wrapper(asked):
            act()
        ours, theirs = time.process_time() - ours, _database_cpu() - theirs
        return Cost(
            1000 * asked.seconds,
            1000 * theirs,
            1000 * (ours + theirs),
            asked.count,
            _peak() - peak,
        )


@contextmanager
def _rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class _Asked:
    """Counts what Django asks of Postgres, and how long that takes."""

    def __init__(self) -> None:
        self.seconds, self.count = 0.0, 0

    def __call__(self, execute: Any, *asked: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(*asked)
        finally:
            self.seconds += time.perf_counter() - began
            self.count += 1


def _database_cpu() -> float:
    """Seconds; one process of Postgres serves us, by whose own clock it goes."""
    assert connection.connection is not None
    backend = connection.connection.info.backend_pid
    return time.clock_gettime((~backend << 3) | 2)


def _reset_peak() -> float:
    """MB that this process holds now; from here on the kernel notes the peak anew."""
    Path("/proc/self/clear_refs").write_text("5")
    return _peak()


def _peak() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
