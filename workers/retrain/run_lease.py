"""A worker's hold on a run: lock, claim, heartbeat, and the word to stop.

All on one thread with a database connection of its own. The advisory lock lives and
dies with that connection; the heartbeat goes by the database's clock; the attempt
number fences every write, so that losing the lock (Postgres restarted) does no harm.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from django.db import DatabaseError, InterfaceError, connection

from labeling.models import TrainingRun
from labeling.training import training_runs
from labeling.training.training_runs import BeatReply

log = logging.getLogger(__name__)

LOCK = 0x4D49454E00  # of whoever works on a retraining
BEAT_EVERY = 1.0
WREST_AFTER = 3.0

_DISCONNECT = """
    SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 1
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (classid::bigint << 32) + objid::bigint = %s
"""

T = TypeVar("T")

_held: set["RunLease"] = set()
_is_ending = threading.Event()


class Stopped(Exception):
    """The work has to end: `why` is "cancelled", "lost" or "shutdown"."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class RunLease:
    """`with Hold(run_id) as hold:` has an attempt if the run is ours, else None."""

    def __init__(self, run_id: int) -> None:
        self.run_id = run_id
        self.attempt: int | None = None
        self._has_lock = False
        self._why = ""
        self._end = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._live, name="hold", daemon=True)

    def __enter__(self) -> Self:
        _held.add(self)
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _held.discard(self)
        self._end.set()
        self._thread.join()

    def go_on(self) -> None:
        """Raises Stopped once there is a reason to."""
        if self._why:
            raise Stopped(self._why)

    def stop(self, why: str) -> None:
        self._why = self._why or why

    def _live(self) -> None:
        try:
            # A worker that ends must not take back what it has just handed back.
            if not _is_ending.is_set() and (self._lock() or self._wrest()):
                self.attempt = training_runs.claim(self.run_id, _name())
        except DatabaseError as problem:
            log.warning("run %s cannot be claimed: %s", self.run_id, problem)
        finally:
            self._ready.set()
        try:
            while self.attempt is not None and not self._end.wait(BEAT_EVERY):
                self._beat(self.attempt)
        finally:
            connection.close()  # and with it the lock

    def _beat(self, attempt: int) -> None:
        try:
            self._has_lock = self._has_lock or self._lock()
            word = training_runs.beat(self.run_id, attempt)
        except (DatabaseError, InterfaceError) as problem:
            # Away or restarting. The child trains on; the row will say whose it is.
            log.warning("run %s: no heartbeat: %s", self.run_id, problem)
            self._has_lock = False
            connection.close()
            return
        if word is BeatReply.CANCEL:
            self.stop("cancelled")
        elif word is BeatReply.LOST and not self._end.is_set():
            self.stop("lost")

    def _wrest(self) -> bool:
        """Take the lock from a worker that hangs, or whose machine is cut off.

        Only one run can be active. If ours waits, whoever holds the lock is either just
        ending or works on nothing; the first is waited for, the second disconnected.
        """
        for _ in range(int(WREST_AFTER / 0.25)):
            if not TrainingRun.objects.filter(pk=self.run_id, status="queued").exists():
                return False
            self._end.wait(0.25)
            if self._lock():
                return True
        log.warning("run %s: its lock is taken from a worker that hangs", self.run_id)
        with connection.cursor() as cursor:
            cursor.execute(_DISCONNECT, [LOCK])
        self._end.wait(0.25)
        return self._lock()

    def _lock(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            self._has_lock = bool(cursor.fetchone()[0])
        return self._has_lock


def stop_all() -> None:
    """The worker is told to end: its runs go back to the queue, and none is taken."""
    _is_ending.set()
    for hold in list(_held):
        hold.stop("shutdown")


def patiently(hold: RunLease, act: Callable[[], T]) -> T:
    """Do something in the database, waiting out its restart while the hold lasts."""
    while True:
        try:
            return act()
        except (DatabaseError, InterfaceError) as problem:
            if connection.connection is not None and connection.is_usable():
                raise
            log.warning("run %s waits for the database: %s", hold.run_id, problem)
            connection.close()
        hold.go_on()
        hold._end.wait(1.0)


def _name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
