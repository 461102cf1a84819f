"""Every "no" of the API: its code, its status, and the one form that all of them have.

The form is ours, {"error": {"code", "message", "fields"}}, with that of RFC 9457 beside
it; who says in `Accept` that it reads application/problem+json is told so by the type.
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Literal

from django.core.exceptions import PermissionDenied
from django.http import Http404
from drf_spectacular.utils import OpenApiResponse
from pydantic import Field, create_model
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from webapp.api import rate_headers
from webapp.api.shapes import Answer
from webapp.http import error_responses
from webapp.http.error_responses import Problem

PROBLEM = "application/problem+json"

# Every code by its status; what is refused by a rule of the site is a 400 unless it
# stands in STATUS of webapp/http/error_responses.py.
CODES: dict[int, tuple[str, ...]] = {
    400: (
        *("bad_request", "invalid", "parse_error"),
        *("empty", "broken", "too_many_photos", "token_expired", "token_invalid"),
        *("not_a_crop", "too_blurred", "too_bright", "too_flat"),
        *("too_dark", "too_small"),
        *("consent_missing", "consent_unknown", "emotion_missing", "choice_missing"),
        *("own_duplicate", "test_face"),
        *("reason_missing", "name_missing", "unknown_scope", "too_many_tokens"),
        *("scope_exceeded", "own_gift", "own_face", "own_decision", "not_to_be_shown"),
        *("not_to_be_seen", "ticket_invalid", "not_now"),
        *("bad_option", "unknown_preset", "no_fer2013", "too_little_data"),
        *("never_served", "contaminated"),
    ),
    401: ("not_authenticated", "authentication_failed"),
    403: ("permission_denied", "scope_missing", "second_factor_missing"),
    404: ("not_found", "unknown_link", "not_shown"),
    405: ("method_not_allowed",),
    406: ("not_acceptable",),
    409: (
        *("token_spent", "already_decided", "already_screened", "already_voted"),
        *("already_running", "already_champion", "champion_changed", "changed_since"),
        *("enough_votes", "vote_undone", "nothing_to_undo", "not_active", "gone"),
        *("key_in_use",),
    ),
    411: ("length_required",),
    413: ("request_too_large", "too_large", "too_many_pixels", "too_complex"),
    415: ("unsupported_media_type", "not_a_picture", "unsupported"),
    422: ("key_reused",),
    429: ("too_many",),
    500: ("our_fault",),
    503: ("busy", "no_model", "no_database"),
    507: ("no_room",),
}
STATUS = {code: status for status, codes in CODES.items() for code in codes}


def answer(why: Exception, context: dict[str, Any]) -> Response | None:
    """The exception handler of the REST framework."""
    problem = _problem_of(why)
    if problem is None:
        return None
    request: Request = context["request"]
    is_asked_for = PROBLEM in request.headers.get("Accept", "")
    kind = PROBLEM if is_asked_for else None
    response = Response(problem.json, content_type=kind)
    problem.on(response)
    if header := getattr(why, "auth_header", None):
        response["WWW-Authenticate"] = header
    return rate_headers.on(request, response)


def _problem_of(why: Exception) -> Problem | None:
    if error_responses.is_expected(why):
        return error_responses.problem_of(why)
    if isinstance(why, Http404):
        why = exceptions.NotFound()
    if isinstance(why, PermissionDenied):
        why = exceptions.PermissionDenied()
    if isinstance(why, exceptions.ValidationError):
        return _what_is_invalid(why)
    if isinstance(why, exceptions.APIException):
        return Problem(why.status_code, str(why.get_codes()), str(why.detail))
    return None


def _what_is_invalid(why: exceptions.ValidationError) -> Problem:
    """The first sentence for people, all of them by field for programs."""
    detail: Any = why.detail
    fields = detail if isinstance(detail, dict) else {"": detail}
    name, sentences = next(iter(fields.items()))
    message = f"{name}: {sentences[0]}" if name else str(sentences[0])
    return Problem(400, "invalid", message, details={"fields": fields})


# --- for the schema


class ErrorDetail(Answer):
    code: str = Field(description="For programs.")
    message: str = Field(description="For people.")
    fields: dict[str, list[str]] | None = Field(
        None, description="What is wrong, by field."
    )


class Error(Answer):
    """A "no", in our own form and as problem details (RFC 9457)."""

    type: str = Field(description="A name for this kind of problem.")
    title: str
    status: int
    detail: str = Field(description="The same sentence as in `error`.")
    error: ErrorDetail


def described(codes: Iterable[str]) -> dict[Any, OpenApiResponse]:
    """One response for each status that these codes have, with a type of its own."""
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(STATUS[code], []).append(code)
    return {
        status: OpenApiResponse(TYPES[status], description=_told(status, found))
        for status, found in sorted(by_status.items())
    }


def _told(status: int, codes: list[str]) -> str:
    return f"{HTTPStatus(status).phrase}: {', '.join(codes)}"


def _one_of(values: tuple[object, ...]) -> Any:
    return Literal[values]


def _make_types() -> dict[int, type[Error]]:
    """An error of each status, whose type names the codes that it may have."""
    types = {}
    for status, codes in CODES.items():
        detail = create_model(
            f"ErrorDetail{status}",
            __base__=ErrorDetail,
            code=(_one_of(codes), ...),
        )
        types[status] = create_model(
            f"Error{status}",
            __base__=Error,
            status=(_one_of((status,)), ...),
            error=(detail, ...),
        )
    return types


TYPES = _make_types()
