"""An operation: who may ask, what goes in, what comes out, how it says no.

One decorator does it and describes it for the schema, so that the schema cannot say
otherwise. `endpoint` puts the operations of one address together, by method.
"""

import functools
import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

from django.views.decorators.http import conditional_page
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from drf_spectacular.utils import extend_schema as describe
from pydantic import BaseModel
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labeling.models.user import Scope
from webapp.api import access, errors, idempotency, rate_headers, schema, shapes
from webapp.api.access import Need

View = Callable[..., Any]


def operation(
    name: str,
    summary: str,
    *,
    tag: str,
    scope: Scope | None,
    needs: Need = Need.NOTHING,
    query: type[shapes.Query] = shapes.Query,
    body: type[shapes.Body] | None = None,
    request: Any = None,
    answers: Mapping[Any, Any],
    refusals: Collection[str] = (),
    is_repeatable: bool = False,
    headers: Sequence[OpenApiParameter] = (),
    examples: Sequence[OpenApiExample] = (),
) -> Callable[[View], View]:
    """The view gets the request and what stands in the address, and what was sent as
    `query` and `body` where it has such. It returns an Answer, or a Response.

    `request`: how the schema describes a body that the view reads itself. `answers`:
    what comes back, by status; the first is the usual one. `refusals`: codes of
    `errors.CODES` beside those that any such operation may answer with.
    `is_repeatable`: done once, however often it is sent with one Idempotency-Key.
    """
    status = next(iter(answers))
    codes = [*refusals, *_codes_of_any(needs, body or request)]
    if is_repeatable:
        headers = [*headers, idempotency.HEADER]
        codes += ["key_in_use", "key_reused"]
    if "too_many" in codes:
        headers = [*headers, *rate_headers.DESCRIBED]

    def decorate(view: View) -> View:
        @describe(
            operation_id=name,
            summary=summary,
            description=inspect.getdoc(view) or "",
            tags=[tag],
            auth=_security(scope, needs),
            parameters=[*schema.parameters_of(query), *headers],
            request=body or request,
            responses={**_described(answers), **errors.described(codes)},
            examples=list(examples),
        )
        @functools.wraps(view)
        def asked(asking: Request, **given: Any) -> Response:
            access.check(asking, scope, needs)
            read = shapes.query(asking, query)
            if query is not shapes.Query:
                given["query"] = read
            if body:
                given["body"] = shapes.body(asking, body)
            act = partial(_act, view, asking, given, status)
            answer = idempotency.once(asking, act) if is_repeatable else act()
            return rate_headers.on(asking, answer)

        return asked

    return decorate


def endpoint(
    *, parsers: Sequence[type[BaseParser]] = (JSONParser,), **operations: View
) -> View:
    """One address. What it gives has an ETag, and is not sent twice to who has it."""
    methods = {method: _method(asked) for method, asked in operations.items()}
    made: Any = type("Endpoint", (APIView,), {"parser_classes": parsers, **methods})
    view: View = made.as_view()
    return conditional_page(view) if "get" in operations else view


def _method(asked: View) -> View:
    @functools.wraps(asked)
    def method(self: APIView, request: Request, **given: Any) -> Response:
        answer: Response = asked(request, **given)
        return answer

    return method


def _act(view: View, request: Request, given: dict[str, Any], status: Any) -> Any:
    said = view(request, **given)
    if isinstance(said, BaseModel):
        return Response(said.model_dump(mode="json"), status=status)
    return Response(status=HTTPStatus.NO_CONTENT) if said is None else said


def _codes_of_any(needs: Need, body: Any) -> list[str]:
    codes = ["bad_request", "invalid", "authentication_failed", "not_acceptable"]
    codes += ["scope_missing", "permission_denied"]
    if needs is not Need.NOTHING:
        codes += ["not_authenticated"]
    if needs in (Need.REVIEWER, Need.TRAINER):
        codes += ["second_factor_missing"]
    if body:
        codes += ["parse_error", "unsupported_media_type", "request_too_large"]
    return codes


def _security(scope: Scope | None, needs: Need) -> Any:
    """Only what needs a token says so; a token may be sent along anywhere."""
    return (
        []
        if needs is Need.NOTHING
        else [{schema.TOKEN: [scope.value] if scope else []}]
    )


def _described(answers: Mapping[Any, Any]) -> dict[Any, Any]:
    told = {}
    for said, shape in answers.items():
        status = said[0] if isinstance(said, tuple) else said
        told[said] = OpenApiResponse(shape, description=HTTPStatus(status).phrase)
    return told
