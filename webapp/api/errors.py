"""Every error of the API in one form: {"error": {"code", "message"}}."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from webapp.http import error_responses


def answer(why: Exception, context: dict[str, object]) -> Response | None:
    if error_responses.is_expected(why):
        problem = error_responses.problem_of(why)
        response = Response(problem.json)
        problem.on(response)
        return response
    if isinstance(why, Http404):
        why = exceptions.NotFound()
    if isinstance(why, PermissionDenied):
        why = exceptions.PermissionDenied()
    if not isinstance(why, exceptions.APIException):
        return None
    headers = {}
    if header := getattr(why, "auth_header", None):
        headers["WWW-Authenticate"] = header
    body: dict[str, object] = {
        "error": {"code": why.get_codes(), "message": str(why.detail)}
    }
    if isinstance(why, exceptions.ValidationError):
        body = {"error": _what_is_invalid(why)}
    return Response(body, status=why.status_code, headers=headers)


def _what_is_invalid(why: exceptions.ValidationError) -> dict[str, object]:
    """The first sentence for people, all of them by field for programs."""
    detail: Any = why.detail
    fields = detail if isinstance(detail, dict) else {"": detail}
    name, sentences = next(iter(fields.items()))
    message = f"{name}: {sentences[0]}" if name else str(sentences[0])
    return {"code": "invalid", "message": message, "fields": fields}
