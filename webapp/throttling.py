"""How often one account, or one address, may ask. Counters live in Redis, by cache.

A sliding window of two counters: the last whole window counts for as much of it as
still overlaps. A refused request is not counted, so that whoever waits gets through.
"""

import ipaddress
import logging
import math
import time

from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

Rate = tuple[int, int]  # times, in seconds
ROUNDING = 1e-6  # the clock's, as a share of one request


class TooMany(Exception):
    """Too often: `retry_after` whole seconds until the next one is answered."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


def spend(request: HttpRequest, kind: str, rate: Rate | None) -> None:
    """Count one request of this kind, or raise TooMany."""
    if rate is None:
        return
    times, seconds = rate
    window, share = divmod(time.time() / seconds, 1)  # share of it that has gone by
    key = f"rate:{kind}:{whose(request)}"
    try:
        cache.add(f"{key}:{window:.0f}", 0, timeout=2 * seconds + 1)
        before = cache.get(f"{key}:{window - 1:.0f}", 0)
        count = cache.incr(f"{key}:{window:.0f}")
        if before * (1 - share) + count <= times + ROUNDING:
            return
        cache.decr(f"{key}:{window:.0f}")
    except (RedisError, ValueError):
        # Looking needs no Redis, so it goes on without being counted.
        log.warning("requests are not counted: Redis does not answer")
        return
    raise TooMany(_wait(before, count, share, rate))


def _wait(before: int, count: int, share: float, rate: Rate) -> int:
    """Whole seconds until one more fits: in this window, or else in the next one."""
    times, seconds = rate
    room = times - count
    if room >= 0 and before:
        until = 1 - room / before
    else:
        until = 2 - min(1, (times - 1) / max(count - 1, 1))
    return max(1, math.ceil((until - share) * seconds))


def whose(request: HttpRequest) -> str:
    if request.user.is_authenticated:
        return f"user:{request.user.pk}"
    return "address:" + network(request.META.get("REMOTE_ADDR", ""))


def network(text: str) -> str:
    """An IPv6 customer holds a whole /64, so it counts as one."""
    try:
        known = ipaddress.ip_address(text)
    except ValueError:
        return text
    if known.version == 4:
        return str(known)
    return str(ipaddress.ip_network((known, 64), strict=False))
