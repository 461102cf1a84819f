"""Is everything in its place? For monitors, balancers and the person at `make run`.

It names no visitor and no secret, so anybody may ask.
"""

from collections.abc import Callable

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from labeling.detection import photos
from labeling.registry import serving
from workers import heartbeat

Part = dict[str, object]


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    parts: dict[str, Callable[[], Part]] = {
        "database": _database,
        "broker": _broker,
        "workers": _workers,
        "champion": _champion,
        "detector": _detector,
    }
    answer = {name: check() for name, check in parts.items()}
    is_well = all(part["ok"] for part in answer.values())
    return JsonResponse(
        {"status": "ok" if is_well else "trouble", **answer},
        status=200 if is_well else 503,
    )


def _database() -> Part:
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except DatabaseError:
        return {"ok": False}
    return {"ok": True}


def _broker() -> Part:
    try:
        heartbeat.broker().ping()
    except RedisError:
        return {"ok": False}
    return {"ok": True}


def _workers() -> Part:
    try:
        seen = heartbeat.seen()
    except RedisError:
        seen = dict.fromkeys(heartbeat.QUEUES, 0)
    return {"ok": all(seen.values()), **seen}


def _champion() -> Part:
    try:
        champion, problems = serving.predictor(), serving.problems()
    except DatabaseError:
        return {"ok": False, "name": None}
    return {
        "ok": champion is not None and not problems,
        "name": champion.name if champion else None,
        "problems": [problem.code for problem in problems],
    }


def _detector() -> Part:
    """The Haar cascade finds fewer faces, but the site works: no reason to be down."""
    name = photos.detector().name
    return {"ok": True, "name": name, "is_best": name == "yunet"}
