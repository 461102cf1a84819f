"""What is one person's is kept by nobody: no proxy, no history, no browser's cache."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def private_pages(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """The middleware that says so. What a view calls public or
    unchangeable on purpose stays so."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        said = response.get("Cache-Control", "")
        is_nobodys = "public" in said or "immutable" in said
        if _is_personal(request, response) and not is_nobodys:
            response["Cache-Control"] = "private, no-store"
        return response

    return middleware


def _is_personal(request: HttpRequest, response: HttpResponseBase) -> bool:
    """An answer to somebody with a session or a token, or to a photo that was sent."""
    session = settings.SESSION_COOKIE_NAME
    return (
        session in request.COOKIES
        or session in response.cookies
        or "Authorization" in request.headers
        or request.method not in SAFE_METHODS
    )
