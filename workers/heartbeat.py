"""Workers show that they live: a Redis key per queue that expires by itself."""

import os
import socket
import threading
import time
from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

EVERY = 5.0
LIVES = 30
QUEUES = ("default", "training")


@cache
def broker() -> redis.Redis:
    # Not tried again: whoever asks wants to know now, and asks again soon.
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=2,
        socket_connect_timeout=2,
        retry=Retry(NoBackoff(), 0),
    )


def start(queues: list[str]) -> None:
    """Beat for these queues until the process ends."""
    threading.Thread(
        target=_beat, args=(queues,), name="heartbeat", daemon=True
    ).start()


def _beat(queues: list[str]) -> None:
    me = f"{socket.gethostname()}:{os.getpid()}"
    while True:
        try:
            for queue in queues:
                broker().set(f"mien:worker:{queue}:{me}", int(time.time()), ex=LIVES)
        except redis.RedisError:
            pass  # the broker is away; the keys expire, which is the truth
        time.sleep(EVERY)


def beats(queue: str, host: str) -> bool:
    """Whether a worker on this host serves the queue. Raises redis.RedisError."""
    return any(True for _ in broker().scan_iter(f"mien:worker:{queue}:{host}:*"))


def seen() -> dict[str, int]:
    """How many workers serve each queue just now.

    Raises redis.RedisError when the broker does not answer.
    """
    return {
        queue: sum(1 for _ in broker().scan_iter(f"mien:worker:{queue}:*", count=100))
        for queue in QUEUES
    }
