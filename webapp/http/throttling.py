"""How often one account, and one address, may ask. Counters live in Redis, by cache.

Who is signed in counts twice: for the account, and for its address, which several
people may share and which has room for more. Without an account the address counts.

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
HEAVY = 4  # pictures that took too much work use up the whole rate
HOUSEHOLD = 5  # accounts at one address may ask this many times as often as one
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
    counted: list[str] = []
    try:
        for who, share in whose(request):
            key = f"rate:{kind}:{who}"
            if wait := _count(key, (share * times, seconds), counted):
                break
        else:
            return
        for key in counted:
            cache.decr(key)
    except (RedisError, ValueError):
        # Looking needs no Redis, so it goes on without being counted.
        log.warning("requests are not counted: Redis does not answer")
        return
    raise TooMany(wait)


def charge(request: HttpRequest, kind: str, rate: Rate | None, refused: str) -> None:
    """Count a picture that was refused as too complex once more, and heavily: its
    decoder was at work for seconds."""
    if rate is None or refused != "too_complex":
        return
    try:
        for who, _share in whose(request):
            _count(f"rate:{kind}:{who}", rate, [], by=math.ceil(rate[0] / HEAVY))
    except (RedisError, ValueError):
        log.warning("requests are not counted: Redis does not answer")


def _count(key: str, rate: Rate, counted: list[str], *, by: int = 1) -> int:
    """More for this key, noted in `counted`; seconds to wait if it is too many."""
    times, seconds = rate
    window, gone = divmod(time.time() / seconds, 1)  # share of it that has gone by
    now = f"{key}:{window:.0f}"
    cache.add(now, 0, timeout=2 * seconds + 1)
    before = cache.get(f"{key}:{window - 1:.0f}", 0)
    count = cache.incr(now, by)
    counted.append(now)
    if before * (1 - gone) + count <= times + ROUNDING:
        return 0
    return _wait(before, count, gone, rate)


def _wait(before: int, count: int, share: float, rate: Rate) -> int:
    """Whole seconds until one more fits: in this window, or else in the next one."""
    times, seconds = rate
    room = times - count
    if room >= 0 and before:
        until = 1 - room / before
    else:
        until = 2 - min(1, (times - 1) / max(count - 1, 1))
    return max(1, math.ceil((until - share) * seconds))


def whose(request: HttpRequest) -> list[tuple[str, int]]:
    """The names that a request is counted under, and how many times the rate each has.

    Accounts are counted apart from those without, so that neither use up the other's.
    """
    address = network(request.META.get("REMOTE_ADDR", ""))
    if request.user.is_authenticated:
        return [(f"user:{request.user.pk}", 1), (f"users-at:{address}", HOUSEHOLD)]
    return [(f"address:{address}", 1)]


def network(text: str) -> str:
    """An IPv6 customer holds a whole /64, so it counts as one."""
    try:
        known = ipaddress.ip_address(text)
    except ValueError:
        return text
    if known.version == 4:
        return str(known)
    return str(ipaddress.ip_network((known, 64), strict=False))
