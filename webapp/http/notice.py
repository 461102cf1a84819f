"""The notice before the first look, at the doors: which browser has read it, the pages
that wait for it, and the header by which the API points at it."""

import functools
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from labeling.detection import notice
from labeling.errors import Refused

COOKIE = "notice"  # its version
KEPT = 365 * 24 * 3600  # seconds

View = Callable[..., HttpResponse]


def is_due(request: HttpRequest) -> bool:
    """Only where the visitors are other people is there a step to take."""
    read, _slash, _language = request.COOKIES.get(COOKIE, "").partition("/")
    return settings.IS_PUBLIC and read != notice.version()


def version_read(request: HttpRequest) -> str:
    """What stood before this visitor; kept beside the consent. Empty: nothing did."""
    if not settings.IS_PUBLIC:
        return _in_language(notice.version(), get_language())
    if is_due(request):
        return ""
    _version, _slash, language = request.COOKIES[COOKIE].partition("/")
    return _in_language(notice.version(), language)


def _in_language(version: str, language: str | None) -> str:
    """`2026-11-28/pl`; of the English one the version alone."""
    is_other = language in dict(settings.LANGUAGES) and language != "en"
    return f"{version}/{language}" if is_other else version


def check(request: HttpRequest) -> None:
    """Before a picture is looked at. Raises Refused."""
    if is_due(request):
        raise Refused(
            "notice_first",
            _(
                "Please read first what happens to a picture here: load this page "
                "again, then send the picture."
            ),
        )


def keep(request: HttpRequest, response: HttpResponseBase) -> None:
    response.set_cookie(
        COOKIE,
        _in_language(notice.version(), get_language()),
        max_age=KEPT,
        httponly=True,
        secure=request.is_secure(),
        samesite="Lax",
    )


def notice_first(page: str) -> Callable[[View], View]:
    """A view that opens a camera or a file dialog: the notice stands in its place until
    it was read. `page` is its name, to go on to."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not is_due(request):
                return view(request, *args, **kwargs)
            if request.method not in ("GET", "HEAD"):
                check(request)
            return render(request, "notice/notice.html", {"page": page})

        return guarded

    return decorate


def api_header(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """The middleware by which every answer of the API names the notice: who shows its
    users a camera by it owes it to them."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.path.startswith("/api/v1/"):
            page = f"{settings.SITE_URL}{reverse('notice')}"
            response["Notice"] = (
                f'<{page}>; rel="privacy-policy"; version="{notice.version()}"'
            )
        return response

    return middleware
