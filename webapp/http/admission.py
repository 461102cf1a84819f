"""What is let in: no photo larger than is read, nobody more often than the settings
say, and no more photos at once than there are turns.

Photos arrive in memory, never on disk. Requests are counted in Redis, in a moving
window of the library `limits`, whose scripts count in one step however many ask at
once. The server has many threads, so that slow uploads and downloads cost nobody else
anything, and few turns at the networks: more would only make every answer later.
"""

import functools
import io
import ipaddress
import logging
import math
import re
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from django.utils.translation import gettext as _
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from labeling.errors import Refused
from ml.vision.decode import MAX_BYTES, BadPicture

log = logging.getLogger(__name__)

Rate = tuple[int, int]  # times, in seconds

MOST_BYTES = 64 * 2**20  # of one request, several photos together
MOST_PHOTOS = 20  # of one request
HEAVY = 4  # pictures that took too much work use up the whole rate
HOUSEHOLD = 5  # accounts at one address may ask this many times as often as one
WAIT = 0.5  # seconds; a person does not mind it, and a queue of it drains at once
RETRY_AFTER = 1  # seconds
SPENT = "mien.spent"  # in a request's META: what it was counted as


class TooMany(Exception):
    """Too often: `retry_after` whole seconds until the next one is answered."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class Busy(Exception):
    """Nobody's fault: everyone came at once."""


# --- how large


def check_size(request: HttpRequest) -> None:
    """Refuse what `InMemory` does not even keep, at whatever page."""
    try:
        length = int(request.headers.get("content-length") or 0)
    except ValueError:
        length = 0  # as Django reads it
    if length > MOST_BYTES:
        text = _("This is more than 64 MB at once. Please send it in parts.")
        raise Refused("request_too_large", text)


def check_count(photos: int) -> None:
    """Refuse more photos in one request than it may have."""
    if photos > MOST_PHOTOS:
        text = _("That is more than %(most)d photos. Please send them in parts.")
        raise Refused("too_many_photos", text % {"most": MOST_PHOTOS})


class InMemory(FileUploadHandler):
    """Keeps one byte more than may be read, so that the reader says what is wrong."""

    chunk_size = 256 * 2**10
    file: io.BytesIO

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, *rest: Any, **more: Any
    ) -> None:
        self.is_too_much = content_length > MOST_BYTES

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.file = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        room = MAX_BYTES + 1 - self.file.tell()
        if not self.is_too_much and room > 0:
            self.file.write(raw_data[:room])

    def file_complete(self, file_size: int) -> InMemoryUploadedFile | None:
        if self.is_too_much:
            return None
        size = self.file.tell()
        self.file.seek(0)
        return InMemoryUploadedFile(
            self.file,
            self.field_name,
            self.file_name or "",
            self.content_type or "",
            size,
            self.charset,
            self.content_type_extra,
        )


# --- how often


def spend(request: HttpRequest, kind: str, rate: Rate | None) -> None:
    """Count one request of this kind, or raise TooMany and count nothing."""
    if rate is None:
        return
    request.META[SPENT] = kind, rate
    limiter, limits = _limiter(settings.REDIS_URL), _limits(request, kind, rate)
    try:
        if _count(limiter, limits):
            return
        wait = max(_wait(limiter, limit, who) for who, limit in limits.items())
    except redis.RedisError:
        # Looking needs no Redis, so it goes on without being counted.
        log.warning("requests are not counted: Redis does not answer")
        return
    raise TooMany(wait)


def _count(limiter: MovingWindowRateLimiter, limits: dict[str, RateLimitItem]) -> bool:
    """Of several names all are asked before one is counted: what the address refuses
    does not count for the account."""
    if len(limits) > 1 and not all(
        limiter.test(limit, who) for who, limit in limits.items()
    ):
        return False
    return all(limiter.hit(limit, who) for who, limit in limits.items())


@dataclass(frozen=True)
class Allowance:
    """Of whoever is asking, for what was just counted: the scarcest of his names'."""

    limit: int
    left: int
    seconds: int  # until there is more


def allowance(request: HttpRequest) -> Allowance | None:
    """None where nothing was counted."""
    spent = request.META.get(SPENT)
    if spent is None:
        return None
    limiter, found = _limiter(settings.REDIS_URL), []
    try:
        for who, limit in _limits(request, *spent).items():
            until, left = limiter.get_window_stats(limit, who)
            seconds = max(0, math.ceil(until - time.time()))
            found.append(Allowance(limit.amount, left, seconds))
    except redis.RedisError:
        return None
    return min(found, key=lambda one: one.left)


@contextmanager
def charge_for_work(
    request: HttpRequest, kind: str, rate: Rate | None
) -> Iterator[None]:
    """A picture that is refused as too complex kept its decoder at work for seconds:
    it counts once more, and heavily."""
    try:
        yield
    except BadPicture as why:
        if rate and why.code == "too_complex":
            _charge(request, kind, rate)
        raise


def _charge(request: HttpRequest, kind: str, rate: Rate) -> None:
    limiter = _limiter(settings.REDIS_URL)
    try:
        for who, limit in _limits(request, kind, rate).items():
            left = limiter.get_window_stats(limit, who).remaining
            if cost := min(left, math.ceil(rate[0] / HEAVY)):
                limiter.hit(limit, who, cost=cost)
    except redis.RedisError:
        log.warning("requests are not counted: Redis does not answer")


def _limits(request: HttpRequest, kind: str, rate: Rate) -> dict[str, RateLimitItem]:
    """What each name that a request is counted under may do."""
    times, seconds = rate
    return {
        who: RateLimitItemPerSecond(share * times, seconds, namespace=kind)
        for who, share in whose(request)
    }


@functools.cache
def _limiter(url: str) -> MovingWindowRateLimiter:
    pool = redis.ConnectionPool.from_url(url)
    storage = RedisStorage(url, connection_pool=pool, key_prefix="mien:rate")
    return MovingWindowRateLimiter(storage)


def _wait(limiter: MovingWindowRateLimiter, limit: RateLimitItem, who: str) -> int:
    """Whole seconds until one more fits: a moment after the oldest one is forgotten."""
    until, left = limiter.get_window_stats(limit, who)
    return 1 if left else max(1, math.floor(until - time.time()) + 1)


def whose(request: HttpRequest) -> list[tuple[str, int]]:
    """The names that a request is counted under, and how many times the rate each has.

    Who is signed in counts twice: for the account, and for its address, which several
    people may share and which has room for more. Without an account the address counts.
    Accounts are counted apart from those without, so that neither use up the other's.
    """
    address = network(client_address(request))
    if request.user.is_authenticated:
        return [(f"user:{request.user.pk}", 1), (f"users-at:{address}", HOUSEHOLD)]
    return [(f"address:{address}", 1)]


# --- where a visitor is: never logged or kept

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# `[2001:db8::1]:443`, `192.0.2.1:443`, `fe80::1%eth0`: the address alone counts.
_DECORATED = re.compile(r"\[([^%]+)(?:%.*)?\](?::\d*)?|([\d.]+):\d*|([^%]+)%.*")


def client_address(request: HttpRequest) -> str:
    """The visitor's, as the first of our own proxies saw it.

    Each of them writes whom it talks to at the end of X-Forwarded-For; what stands
    further left the visitor may have written himself. Without a proxy, or where it said
    nothing that is an address, it is whoever holds the connection.
    """
    proxies: int = settings.TRUSTED_PROXIES
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    said = hops[-proxies] if 0 < proxies <= len(hops) else ""
    connected = request.META.get("REMOTE_ADDR", "")
    return str(parse_address(said) or parse_address(connected) or connected)


def parse_address(text: str) -> Address | None:
    """Without port and zone; an IPv4 address that came over an IPv6 socket is IPv4."""
    text = text.strip()
    if decorated := _DECORATED.fullmatch(text):
        text = next(filter(None, decorated.groups()))
    try:
        known = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(known, "ipv4_mapped", None) or known


def network(text: str) -> str:
    """An IPv6 customer holds a whole /64, so it counts as one."""
    known = parse_address(text)
    if known is None or known.version == 4:
        return str(known or text)
    return str(ipaddress.ip_network((known, 64), strict=False))


# --- how many at once


@contextmanager
def turn() -> Iterator[None]:
    """One of the turns at the networks; after half a second without one, Busy."""
    if not _turns().take(WAIT):
        raise Busy
    try:
        yield
    finally:
        _turns().give_back()


@functools.cache
def _turns() -> "Turns":
    threads: int = settings.WEB_THREADS
    return Turns(settings.INFERENCE_TURNS, most_waiting=threads * 3 // 4)


class Turns:
    """A semaphore that hands each turn to whoever has waited longest.

    Python's own lets newcomers overtake, and whoever was overtaken queues up anew. Some
    threads wait for a turn; the others stay free to send people away at once, or those
    who stand before the server's door would wait for those who wait inside.
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
