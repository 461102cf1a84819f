"""What is sent again with the same `Idempotency-Key` is done once, and answered as it
was the first time, for a day.

The answer waits in Redis, so this is for answers that hold no secret; gifts have a way
of their own (`labeling/contributions/repeated_gifts.py`).
"""

import hashlib
import logging
from collections.abc import Callable
from typing import Any

import redis
from django.core.cache import cache
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.errors import Refused

log = logging.getLogger(__name__)

DAY = 24 * 3600  # seconds
MINUTE = 60
LONGEST = 200
NAME = "Idempotency-Key"
HEADER = OpenApiParameter(
    NAME,
    {"type": "string", "maxLength": LONGEST, "pattern": "^[!-~]+$"},
    location=OpenApiParameter.HEADER,
    description="Any text of your own, such as a UUID: if the answer gets lost, send "
    "the same again with it.",
)


def key(request: Request) -> str:
    """What the sender calls this request; empty: nothing."""
    said = request.headers.get(NAME, "")
    if said and (
        len(said) > LONGEST or not all("!" <= letter <= "~" for letter in said)
    ):
        raise ValidationError({NAME: [_("This is no key: at most 200 letters.")]})
    return said


def once(request: Request, act: Callable[[], Response]) -> Response:
    """`act`, or what it answered when it was asked for with this key before."""
    if not (said := key(request)):
        return act()
    name, body = _name(request, said), hashlib.sha256(request.body).hexdigest()
    try:
        if not cache.add(name, {"body": body}, MINUTE):
            return _first_answer(cache.get(name), body)
    except redis.RedisError:
        log.warning("what is sent twice is done twice: Redis does not answer")
        return act()
    return _act_and_keep(name, body, act)


def _act_and_keep(name: str, body: str, act: Callable[[], Response]) -> Response:
    kept = None
    try:
        answer = act()
        kept = {"body": body, "status": answer.status_code, "data": answer.data}
    finally:
        try:
            cache.set(name, kept, DAY) if kept else cache.delete(name)
        except redis.RedisError:
            log.warning("an answer is not kept: Redis does not answer")
    return answer


def _first_answer(kept: dict[str, Any] | None, body: str) -> Response:
    if kept and kept["body"] != body:
        raise Refused("key_reused", _("This key was used for something else before."))
    if not kept or "status" not in kept:
        raise Refused("key_in_use", _("The first request with this key is still on."))
    return Response(kept["data"], status=kept["status"])


def _name(request: Request, said: str) -> str:
    what = f"{request.user.pk}|{request.method}|{request.path}|{said}"
    return f"once:{hashlib.sha256(what.encode()).hexdigest()}"
