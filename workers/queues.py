"""What waits in the broker: how much, and since when."""

import json
import time
from dataclasses import dataclass
from typing import Any

from celery.signals import before_task_publish

from workers import heartbeat

SENT_AT = "sent_at"  # a header of ours


@dataclass(frozen=True)
class Queue:
    waiting: int
    oldest: float  # seconds since the oldest was sent; 0 when nothing waits


@before_task_publish.connect
def _say_when(headers: dict[str, Any], **_: Any) -> None:
    headers[SENT_AT] = time.time()


def look() -> dict[str, Queue]:
    """By name. Raises redis.RedisError when the broker does not answer."""
    broker = heartbeat.broker()
    return {
        name: Queue(int(broker.llen(name)), _age(broker.lindex(name, -1)))
        for name in heartbeat.QUEUES
    }


def _age(message: Any) -> float:
    """Workers take from the end, so the last message is the oldest."""
    if message is None:
        return 0.0
    sent = json.loads(message).get("headers", {}).get(SENT_AT)
    return max(0.0, time.time() - sent) if sent else 0.0
