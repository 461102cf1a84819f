"""So many photos are looked at at once, a few may wait half a second, and no more.

The server has many threads, so that slow uploads and downloads cost nobody else
anything, and few turns at the networks: more would only make every answer later. Some
threads wait for a turn; the others stay free to send people away at once, or those who
stand before the server's door would wait for those who wait inside.
"""

import functools
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

WAIT = 0.5  # seconds; a person does not mind it, and a queue of it drains at once
RETRY_AFTER = 1  # seconds


class Busy(Exception):
    """Nobody's fault: everyone came at once."""


class Turns:
    """A semaphore that hands each turn to whoever has waited longest.

    Python's own lets newcomers overtake, and whoever was overtaken queues up anew.
    """

    def __init__(self, turns: int, *, most_waiting: int) -> None:
        self._lock = threading.Lock()
        self._free = turns
        self._waiting: deque[threading.Event] = deque()
        self._most_waiting = most_waiting

    def take(self, timeout: float) -> bool:
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            if len(self._waiting) >= self._most_waiting:
                return False
            called = threading.Event()
            self._waiting.append(called)
        if called.wait(timeout):
            return True
        with self._lock:
            if called.is_set():  # at the last moment
                return True
            self._waiting.remove(called)
            return False

    def give_back(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


@functools.cache
def _turns() -> Turns:
    threads: int = settings.WEB_THREADS
    return Turns(settings.INFERENCE_TURNS, most_waiting=threads * 3 // 4)


@contextmanager
def turn() -> Iterator[None]:
    if not _turns().take(WAIT):
        raise Busy
    try:
        yield
    finally:
        _turns().give_back()
