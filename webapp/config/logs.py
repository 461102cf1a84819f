"""Logs: one JSON object a line, with the request's id, and nobody in it.

No address, no email, no path (a password link is one) and no query: what was asked is
told by the route's pattern. What slips into a message or a traceback is struck out.
"""

import json
import logging
import re
import sys
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse

request_id: ContextVar[str] = ContextVar("request_id", default="")
log = logging.getLogger("mien.request")

GIVEN_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
PERSONAL = (
    (re.compile(r"[^\s\"'<>()=,;]+@[\w-]+(\.[\w-]+)+"), "<email>"),
    (re.compile(r"\b\d{1,3}(\.\d{1,3}){3}\b"), "<address>"),
    (re.compile(r"\b[0-9a-fA-F]{1,4}(:[0-9a-fA-F]{0,4}){3,7}\b"), "<address>"),
    (re.compile(r"(\w+://[^\s/:@]*):[^\s/@]+@"), r"\1:<password>@"),
    (re.compile(r"\?[\w%.-]+=\S*"), "?<query>"),
    (re.compile(r"\b(while serving) /\S*"), r"\1 <path>"),  # as waitress says it
)


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        if request_id.get():
            line["request"] = request_id.get()
        if task := _task_id():
            line["task"] = task
        line.update(getattr(record, "facts", {}))
        if record.exc_info:
            line["trace"] = _without_people(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


def _message(record: logging.LogRecord) -> str:
    request = getattr(record, "request", None)
    if isinstance(request, HttpRequest):  # Django would name the path.
        return (
            f"{getattr(record, 'status_code', '')} {request.method} {_route(request)}"
        )
    return _without_people(record.getMessage())


def _without_people(text: str) -> str:
    for pattern, mark in PERSONAL:
        text = pattern.sub(mark, text)
    return text


def _task_id() -> str:
    """The Celery task this line belongs to, where Celery is at work at all."""
    state = sys.modules.get("celery._state")
    task = state.get_current_task() if state else None
    return str(task.request.id or "") if task else ""


def _route(request: HttpRequest) -> str:
    match = request.resolver_match
    return f"/{match.route}" if match else "(no such page)"


def requests(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Give each request an id, say it in the answer, and write one line about it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        token = request_id.set(given if GIVEN_ID.fullmatch(given) else uuid.uuid4().hex)
        began = time.perf_counter()
        try:
            response = answer(request)
            response["X-Request-ID"] = request_id.get()
            log.info(
                "%s %s %s",
                response.status_code,
                request.method,
                _route(request),
                extra={"facts": {"ms": round((time.perf_counter() - began) * 1e3, 1)}},
            )
            return response
        finally:
            request_id.reset(token)

    return middleware


def config() -> dict[str, object]:
    """For Django and, through Django, waitress and Celery."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonFormatter}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "json"},
            "none": {"class": "logging.NullHandler"},
        },
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            # Ours already tells of every request; theirs adds the errors' traces.
            "django.request": {"level": "ERROR"},
            "django.server": {"handlers": ["none"], "propagate": False},
            # Scanners try host names all day.
            "django.security.DisallowedHost": {
                "handlers": ["none"],
                "propagate": False,
            },
            "celery": {"level": "INFO"},
            "celery.worker": {"level": "WARNING"},
            "waitress": {"level": "WARNING"},
            # It tells of every request that waits for a thread.
            "waitress.queue": {"handlers": ["none"], "propagate": False},
        },
    }
