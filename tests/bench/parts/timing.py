"""What a piece of work costs."""

import statistics
import time
from collections.abc import Callable


def milliseconds(work: Callable[[], object], *, seconds: float = 3.0) -> float:
    """Median processor time of as many runs as fit, after three to warm up.

    On one core of an idle machine this is the time that passes; on a busy one it leaves
    out what others took.
    """
    for _turn in range(3):
        work()
    times = []
    end = time.process_time() + seconds
    while time.process_time() < end or len(times) < 5:
        start = time.process_time()
        work()
        times.append((time.process_time() - start) * 1000)
    return statistics.median(times)
