"""Is everything in its place? For monitors, balancers and the person at `make run`.

It names no visitor and no secret, so anybody may ask.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from labeling import audit, controller, db
from labeling.contributions import device_model
from labeling.detection import photos
from labeling.models import FaceReport
from labeling.registry import serving
from webapp.config import version
from webapp.http import leaving
from workers import heartbeat

LEAST_ROOM = 2 * db.LAST_ROOM  # told before anybody is refused
LATE_BACKUP = timedelta(hours=36)  # a night was missed, or failed
WRITTEN_EVERY = 10  # seconds; anybody may ask, and as often as they like
# As much as the largest crop; a temporary table leaves nothing behind, not even WAL.
WRITE = """
    CREATE TEMPORARY TABLE health_check AS
    SELECT n, repeat('x', 1000) FROM generate_series(1, 256) AS n
"""

Part = dict[str, object]


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    answer = check_all()
    is_well = all(part["ok"] for part in answer.values())
    return JsonResponse(
        {
            "status": "ok" if is_well else "trouble",
            **answer,
            "versions": version.running(),
        },
        status=200 if is_well else 503,
    )


def check_all() -> dict[str, Part]:
    checks: dict[str, Callable[[], Part]] = {
        "database": _database,
        "disk": _disk,
        "broker": _broker,
        "workers": _workers,
        "champion": _champion,
        "detector": _detector,
        "backup": _backup,
        "impact_assessment": _impact_assessment,
        "reported_faces": _reported_faces,
    }
    if leaving.is_leaving():
        checks["leaving"] = lambda: {"ok": False}
    return {name: check() for name, check in checks.items()}


def _database() -> Part:
    """It answers, and what is given could be kept."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except DatabaseError:
        return {"ok": False}
    return {"ok": takes_writes(int(time.monotonic() // WRITTEN_EVERY))}


@lru_cache(maxsize=1)
def takes_writes(moment: int) -> bool:
    """Whether a write into the database, which is rolled back, went well just now."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(WRITE)
            transaction.set_rollback(True)
    except DatabaseError:
        return False
    return True


def _disk() -> Part:
    """Room where this process, or a Postgres on this machine, writes."""
    places = (
        settings.MIEN_DATA,
        settings.POSTGRES_FOLDER,
        settings.WITHDRAWAL_LOG_COPY,
    )
    folders = [Path(place) for place in places if place]
    return {"ok": all(db.room(folder) >= LEAST_ROOM for folder in folders)}


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
        on_devices = device_model.problems()
    except DatabaseError:
        return {"ok": False, "name": None}
    return {
        "ok": champion is not None and not problems,
        "name": champion.name if champion else None,
        # Anybody can report those on devices: they are told, and do not count.
        "problems": [problem.code for problem in (*problems, *on_devices)],
    }


def _detector() -> Part:
    """The Haar cascade finds fewer faces, but the site works: no reason to be down."""
    name = photos.detector().name
    return {"ok": True, "name": name, "is_best": name == "yunet"}


def _backup() -> Part:
    """Of a site whose clock makes them. A late one is told; the site stays up."""
    if not settings.BACKUP_AT:
        return {"ok": True, "is_scheduled": False}
    try:
        made_at = audit.last(audit.Act.BACKED_UP)
    except DatabaseError:
        return {"ok": False}
    age = timezone.now() - made_at if made_at else None
    return {
        "ok": True,
        "is_scheduled": True,
        "age_seconds": int(age.total_seconds()) if age else None,
        "is_late": age is None or age > LATE_BACKUP,
    }


def _impact_assessment() -> Part:
    """Of a site that others reach. Too old a one is told; the site does not go down."""
    stated = controller.stated()
    if stated is None:
        return {"ok": True}
    return {
        "ok": True,
        "made_on": stated.assessed_on.isoformat(),
        "lapses_on": stated.lapses_on.isoformat(),
        "has_lapsed": stated.has_lapsed,
    }


def _reported_faces() -> Part:
    """How many wait for a decision. They are hidden, so the site does not go down."""
    try:
        return {"ok": True, "waiting": FaceReport.objects.count()}
    except DatabaseError:
        return {"ok": False}
