"""Logs: one JSON object a line, with the request's id, and nobody in it.

No address, no email, no path (a password link is one) and no query: what was asked is
told by the route's pattern. What slips into a message or a traceback is struck out.
Of an error of the database its kind is told and never its text, which quotes the row.
"""

import json
import logging
import re
import sys
import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import UTC, datetime

import django.db
import psycopg2
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
    # Postgres' own words, where somebody took them over: all that follows is values.
    (re.compile(r"(DETAIL|CONTEXT|QUERY|STATEMENT|LINE \d+):.*", re.DOTALL), "<row>"),
    (re.compile(r"((invalid input|out of range)[^:]*: ).*", re.DOTALL), r"\1<row>"),
)
DATABASE_ERRORS = (psycopg2.Error, django.db.Error)
CONNECTION_ERRORS = (
    *(psycopg2.OperationalError, psycopg2.InterfaceError),
    *(django.db.OperationalError, django.db.InterfaceError),
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
            line["trace"] = _trace(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def _message(record: logging.LogRecord) -> str:
    request = getattr(record, "request", None)
    if isinstance(request, HttpRequest):  # Django would name the path.
        return (
            f"{getattr(record, 'status_code', '')} {request.method} {_route(request)}"
        )
    text = record.getMessage()
    errors = [record.exc_info[1] if record.exc_info else None, *_arguments(record)]
    for error in (part for whole in errors for part in _chain(whole)):
        if isinstance(error, DATABASE_ERRORS) and str(error):
            for told in (str(error), repr(str(error))[1:-1]):  # Celery says the repr.
                text = text.replace(told, _kind(error))
    return _without_people(text)


def _arguments(record: logging.LogRecord) -> list[BaseException]:
    given = record.args if isinstance(record.args, tuple) else ()
    return [value for value in given if isinstance(value, BaseException)]


def _trace(error: BaseException | None) -> str:
    """As Python prints it, the first cause first, but for what databases said."""
    parts = [
        "".join(traceback.format_tb(each.__traceback__)) + _last_line(each)
        for each in _chain(error)
    ]
    return _without_people("\n".join(reversed(parts)))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and those that it came of."""
    while error:
        yield error
        context = None if error.__suppress_context__ else error.__context__
        error = error.__cause__ or context


def _last_line(error: BaseException) -> str:
    if isinstance(error, DATABASE_ERRORS):
        return f"{type(error).__name__}: {_kind(error)}"
    return "".join(traceback.format_exception_only(error)).rstrip()


def _kind(error: BaseException) -> str:
    """The state by its number, and what it is about: a constraint or a table."""
    for each in _chain(error):
        if isinstance(each, psycopg2.Error) and each.pgcode:
            about = each.diag.constraint_name or each.diag.table_name or ""
            return f"<SQLSTATE {each.pgcode} {about}>".replace(" >", ">")
    # Without a state it is the connection that fails: no statement, no values.
    is_connection = isinstance(error, CONNECTION_ERRORS)
    return str(error).strip() if is_connection else "<database error>"


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
