"""Acts that happen at one moment, and crashes between two statements."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


def together(n: int, act: Callable[[int], Any]) -> list[Any]:
    """Call `act(0)` to `act(n - 1)` at once; what each returned or raised."""
    barrier, outcomes = threading.Barrier(n), [None] * n

    def run(i: int) -> None:
        try:
            barrier.wait(timeout=60)
            outcomes[i] = act(i)
        except Exception as error:  # an outcome too, for the test to judge
            outcomes[i] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return outcomes


@contextmanager
def meanwhile(act: Callable[[int], Any], n: int) -> Iterator[None]:
    """`n` threads call `act(0)` to `act(n - 1)` over and over, until the block ends, be
    it by a failure: else they would go on as long as the tests run."""
    is_over = threading.Event()

    def repeat(i: int) -> None:
        try:
            while not is_over.is_set():
                act(i)
        finally:
            connection.close()

    threads = [threading.Thread(target=repeat, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        for thread in threads:
            thread.join(timeout=120)


class Crash(BaseException):
    """As if the machine died: nothing may catch it."""


def crash_before(statement: int, act: Callable[[], Any]) -> bool:
    """Die just before the nth statement that `act` sends; False if it sends fewer."""
    sent = 0

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal sent
        # Django does not roll back a savepoint that it could not release.
        sent += not sql.startswith("RELEASE")
        if sent == statement and not sql.startswith("RELEASE"):
            raise Crash
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(count):
            act()
    except Crash:
        return True
    return False
