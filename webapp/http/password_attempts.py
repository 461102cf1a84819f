"""How often a password may be wrong, and how long to wait then.

Whoever is wrong too often waits a minute, then ten, an hour, a day. It counts three
times: for the account together with the network that it comes from, for that network,
and for the account, where several people may be wrong before anybody waits. So one
network alone shuts nobody out of an account; and a browser that signed in to it before
never waits for what was guessed elsewhere.
"""

import functools
import math
import time
from collections.abc import Iterator
from datetime import timedelta

import redis
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.timesince import timeuntil
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from webapp.http import access, admission

WRONG = ((5, 60), (10, 600), (20, 3600), (40, 24 * 3600))  # so many in so many seconds
SEVERAL = 5  # times as many for a whole network, and for an account from anywhere


def seconds_to_wait(request: HttpRequest, email: str) -> int:
    """0 when there may be another try, which is counted until it turns out right.

    It counts before the password is looked at: of many at once no more are tried.
    """
    limiter = _limiter(settings.REDIS_URL)
    counted = [*_here(request, email), *_wider(request, email)]
    full = [one for one in counted if not limiter.test(*one)]
    if full or not all(limiter.hit(*one) for one in _here(request, email)):
        return max((_wait(limiter, *one) for one in full), default=1)
    return 0


def count_wrong(request: HttpRequest, email: str) -> None:
    limiter = _limiter(settings.REDIS_URL)
    for one in _wider(request, email):
        limiter.hit(*one)


def forgive(request: HttpRequest, email: str) -> None:
    """The right password: whoever sits there knows it, and may mistype it anew."""
    limiter = _limiter(settings.REDIS_URL)
    for one in _here(request, email):
        limiter.clear(*one)


def in_words(seconds: int) -> str:
    now = timezone.now()
    return timeuntil(now + timedelta(minutes=math.ceil((seconds - 1) / 60)), now)


Counted = tuple[RateLimitItem, str]


def _here(request: HttpRequest, email: str) -> Iterator[Counted]:
    is_known = access.signed_in_here(request, email)
    return _windows(1, f"{email}|{'known' if is_known else _network(request)}")


def _wider(request: HttpRequest, email: str) -> Iterator[Counted]:
    if not access.signed_in_here(request, email):
        yield from _windows(SEVERAL, f"account|{email}")
        yield from _windows(SEVERAL, f"network|{_network(request)}")


def _windows(share: int, who: str) -> Iterator[Counted]:
    for times, seconds in WRONG:
        yield RateLimitItemPerSecond(share * times, seconds, namespace="password"), who


def _network(request: HttpRequest) -> str:
    return admission.network(admission.client_address(request))


def _wait(limiter: MovingWindowRateLimiter, limit: RateLimitItem, who: str) -> int:
    """Whole seconds until the oldest one is forgotten, and a moment more."""
    until, _left = limiter.get_window_stats(limit, who)
    return max(1, math.floor(until - time.time()) + 1)


@functools.cache
def _limiter(url: str) -> MovingWindowRateLimiter:
    pool = redis.ConnectionPool.from_url(url)
    storage = RedisStorage(url, connection_pool=pool, key_prefix="mien:rate")
    return MovingWindowRateLimiter(storage)
