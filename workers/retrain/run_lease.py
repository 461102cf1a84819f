"""A worker's lease of a run: lock, claim, heartbeat, and the request to stop.

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

from labeling.db import AdvisoryLock, disconnect_holder, try_session_lock
from labeling.models import TrainingRun
from labeling.training import training_runs
from labeling.training.training_runs import HeartbeatReply

log = logging.getLogger(__name__)

HEARTBEAT_EVERY = 1.0  # seconds
TAKE_OVER_AFTER = 3.0  # seconds that a lock's holder is given to end
TRY_EVERY = 0.25  # seconds between two tries to take it

T = TypeVar("T")

_active: set["RunLease"] = set()
_is_shutting_down = threading.Event()


class Stopped(Exception):
    """The work has to end: `why` is "cancelled", "lost" or "shutdown"."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class RunLease:
    """In `with RunLease(run_id) as lease:` it has an attempt if the run is ours."""

    def __init__(self, run_id: int) -> None:
        self.run_id = run_id
        self.attempt: int | None = None
        self._has_lock = False
        self._why = ""
        self._end = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(
            target=self._keep, name="run-lease", daemon=True
        )

    def __enter__(self) -> Self:
        _active.add(self)
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _active.discard(self)
        self._end.set()
        self._thread.join()

    def go_on(self) -> None:
        """Raises Stopped once there is a reason to."""
        if self._why:
            raise Stopped(self._why)

    def stop(self, why: str) -> None:
        self._why = self._why or why

    def retry_on_disconnect(self, act: Callable[[], T]) -> T:
        """Do something in the database, waiting out its restart."""
        while True:
            try:
                return act()
            except (DatabaseError, InterfaceError) as problem:
                if connection.connection is not None and connection.is_usable():
                    raise
                log.warning("run %s waits for the database: %s", self.run_id, problem)
                connection.close()
            self.go_on()
            self._end.wait(1.0)

    def _keep(self) -> None:
        """The lease's thread: lock and claim, then a heartbeat until the end."""
        try:
            # A worker that ends must not take back what it has just handed back.
            if not _is_shutting_down.is_set() and (
                self._take_lock() or self._take_over_lock()
            ):
                self.attempt = training_runs.claim(self.run_id, _worker_name())
        except DatabaseError as problem:
            log.warning("run %s cannot be claimed: %s", self.run_id, problem)
        finally:
            self._ready.set()
        try:
            while self.attempt is not None and not self._end.wait(HEARTBEAT_EVERY):
                self._heartbeat(self.attempt)
        finally:
            connection.close()  # and with it the lock

    def _heartbeat(self, attempt: int) -> None:
        try:
            self._has_lock = self._has_lock or self._take_lock()
            reply = training_runs.heartbeat(self.run_id, attempt)
        except (DatabaseError, InterfaceError) as problem:
            # Away or restarting. The training goes on; the row will say whose it is.
            log.warning("run %s: no heartbeat: %s", self.run_id, problem)
            self._has_lock = False
            connection.close()
            return
        if reply is HeartbeatReply.CANCEL:
            self.stop("cancelled")
        elif reply is HeartbeatReply.LOST and not self._end.is_set():
            self.stop("lost")

    def _take_over_lock(self) -> bool:
        """Take the lock from a worker that hangs, or whose machine is cut off.

        Only one run can be active. If ours waits, whoever holds the lock is either just
        ending or works on nothing; the first is waited for, the second disconnected.
        """
        for _ in range(int(TAKE_OVER_AFTER / TRY_EVERY)):
            if not TrainingRun.objects.filter(pk=self.run_id, status="queued").exists():
                return False
            self._end.wait(TRY_EVERY)
            if self._take_lock():
                return True
        log.warning("run %s: its lock is taken from a worker that hangs", self.run_id)
        disconnect_holder(AdvisoryLock.RETRAINING)
        self._end.wait(TRY_EVERY)
        return self._take_lock()

    def _take_lock(self) -> bool:
        self._has_lock = try_session_lock(AdvisoryLock.RETRAINING)
        return self._has_lock


def stop_all() -> None:
    """The worker is told to end: its runs go back to the queue, and none is taken."""
    _is_shutting_down.set()
    for lease in list(_active):
        lease.stop("shutdown")


def is_shutting_down() -> bool:
    return _is_shutting_down.is_set()


def _worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
