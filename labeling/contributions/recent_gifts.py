"""Which faces came from a network within the hour, for those whom no cookie knows.

Redis alone remembers it, for an hour and under a keyed hash of the network: no row ties
a face to where it came from.
"""

import functools
import logging
import time
from typing import Any
from uuid import UUID

import redis
from django.conf import settings
from django.utils.crypto import salted_hmac

log = logging.getLogger(__name__)

SECONDS = 3600
SALT = "mien.given.network"


def remember(network: str, face: UUID) -> None:
    """A face was given from here, just now."""
    now = time.time()
    try:
        with _redis(settings.REDIS_URL).pipeline() as pipe:
            pipe.zadd(key_of(network), {face.bytes: now})
            pipe.zremrangebyscore(key_of(network), 0, now - SECONDS)
            pipe.expire(key_of(network), SECONDS)
            pipe.execute()
    except redis.RedisError:
        log.warning("recent gifts are not remembered: Redis does not answer")


def given_from(network: str) -> list[UUID]:
    """The faces of the last hour; none where nobody knows the network, or Redis is
    away: then a cookie and the account have to do."""
    if not network:
        return []
    since = time.time() - SECONDS
    store = _redis(settings.REDIS_URL)
    try:
        found: Any = store.zrangebyscore(key_of(network), since, "+inf")
    except redis.RedisError:
        log.warning("recent gifts are not known: Redis does not answer")
        return []
    return [UUID(bytes=face) for face in found]


def key_of(network: str) -> str:
    """What stands for a network for an hour; nobody turns it back without our key."""
    name = salted_hmac(SALT, network, algorithm="sha256").hexdigest()
    return f"mien:given:{name}"


@functools.cache
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(url)
