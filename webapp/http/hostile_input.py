"""What no browser sends, and no database takes, is refused at the door of every page.

NUL and half a surrogate pair are no text to Postgres. Encodings other than UTF-8, JSON
that is nested without end, numbers of hundreds of digits: nobody's honest wish either.
Whoever sends them is told with a 400 that the request could not be read, so that no
view, and no library, has to think of them.
"""

import codecs
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.http.request import UnreadablePostError

from labeling.errors import Refused
from webapp.http import admission, error_responses
from webapp.http.access import SiteRequest

NO_TEXT = re.compile("[\0\ud800-\udfff]")
ENCODINGS = ("utf-8", "ascii")
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
DEEPEST = 32  # lists in lists of a JSON body
LARGEST = 2**63  # what a bigint does not hold


class HostileInput:
    """The middleware. It stands before those that read a form or a session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Cookies are left out: another site may have set one to lock somebody out."""
        for name, value in list(request.COOKIES.items()):
            if NO_TEXT.search(value):
                del request.COOKIES[name]
        return self.get_response(request)

    def process_view(self, request: SiteRequest, *_: object) -> HttpResponse | None:
        try:
            if "Transfer-Encoding" in request.headers:
                return error_responses.show(request, error_responses.no_length())
            admission.check_size(request)
            _check_content_type(request)
            for text in _sent(request):
                if NO_TEXT.search(text):
                    raise BadRequest
        except Refused as why:
            return error_responses.show(request, error_responses.problem_of(why))
        except (UnreadablePostError, RecursionError) as why:
            raise BadRequest from why
        return None


def _check_content_type(request: HttpRequest) -> None:
    """`*/json` would be read as JSON by the API and as nothing by us; of an encoding
    whatever codec of Python's has that name would be used."""
    main, _slash, kind = (request.content_type or "").partition("/")
    if main == "*" or (kind == "*" and main != "image"):
        raise BadRequest
    try:
        encoding = codecs.lookup((request.content_params or {}).get("charset", "utf-8"))
    except LookupError as why:
        raise BadRequest from why
    if encoding.name not in ENCODINGS:
        raise BadRequest


def _sent(request: HttpRequest) -> Iterator[str]:
    """All text that was sent."""
    yield request.path_info
    yield from _of_form(request.GET)
    if request.content_type in FORMS:
        yield from _of_form(request.POST)
        for name, files in request.FILES.lists():
            yield from (name, *(file.name or "" for file in files))
    elif request.content_type == "application/json":
        yield from _of_json(_json(request))


def _of_form(fields: QueryDict) -> Iterator[str]:
    for name, values in fields.lists():
        yield from (name, *values)


def _json(request: HttpRequest) -> Any:
    """Nothing where it is none, and not deep: the API says so in its own words."""
    body = request.body
    try:
        return json.loads(body.decode())
    except ValueError as why:
        if body.count(b"[") + body.count(b"{") > DEEPEST:
            raise BadRequest from why
        return None


def _of_json(value: Any) -> Iterator[str]:
    """Level by level, so that a million numbers cost little and depth no stack."""
    level = [value]
    for _ in range(DEEPEST):
        yield from (one for one in level if isinstance(one, str))
        if any(isinstance(one, int) and abs(one) >= LARGEST for one in level):
            raise BadRequest
        nested = [one for one in level if isinstance(one, list | dict)]
        level = [part for one in nested for part in _parts(one)]
    if level:
        raise BadRequest


def _parts(nested: list[Any] | dict[str, Any]) -> Iterable[Any]:
    return nested if isinstance(nested, list) else (*nested, *nested.values())
