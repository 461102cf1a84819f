"""The one clock that ticks: whoever holds a lock of Postgres. A second one, started by
mistake or as a spare, waits, and goes on when the first is gone."""

import logging
import os
import threading
import time

from django.db import DatabaseError, InterfaceError, connection

from labeling.db import AdvisoryLock, try_session_lock

log = logging.getLogger(__name__)

TRY_EVERY = 1.0  # seconds between two tries to become the one
ASK_EVERY = 2.0  # seconds between two looks whether we still are
PATIENCE = 10.0  # seconds without Postgres' answer until we are not

# Postgres finds out as soon that a host is cut off, and lets another have its lock.
KEEPALIVES = """
    SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2;
    SET tcp_keepalives_count = 3; SET tcp_user_timeout = 10000;
"""


def wait_for_turn() -> bool:
    """Return once this is the only clock, and whether there was another before; from
    then on end the process when it is not."""
    told = False
    while not _take():
        if not told:
            log.warning("another clock ticks: this one waits until that is gone")
            told = True
        time.sleep(TRY_EVERY)
    log.info("this clock ticks")
    keeper = _Keeper()
    for act in (keeper.ask, keeper.watch):
        threading.Thread(target=act, name="clock", daemon=True).start()
    return told


def _take() -> bool:
    try:
        if not try_session_lock(AdvisoryLock.CLOCK):
            return False
        with connection.cursor() as cursor:
            cursor.execute(KEEPALIVES)
        return True
    except (DatabaseError, InterfaceError) as why:
        log.warning("the clock waits for the database: %s", why)
        connection.close()
        return False


class _Keeper:
    def __init__(self) -> None:
        self._line = connection.connection
        self._answered = time.monotonic()

    def ask(self) -> None:
        """Ask for ever on the connection that has the lock. A host that is cut off gets
        no answer and no error either."""
        while True:
            try:
                with self._line.cursor() as cursor:
                    cursor.execute("SELECT 1")
            except Exception:
                _end("its connection to the database is gone")
            self._answered = time.monotonic()
            time.sleep(ASK_EVERY)

    def watch(self) -> None:
        while time.monotonic() - self._answered < PATIENCE:
            time.sleep(1.0)
        _end("the database does not answer")


def _end(why: str) -> None:
    """At once, for the next tick would be one too many; the supervisor starts anew."""
    log.error("this clock ends, for another may tick by now: %s", why)
    os._exit(1)
