"""In which of the site's languages a page speaks: the one that its address asks for
(`?lang=pl`), the account's, the one kept in a cookie, or the browser's."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers

from webapp.http.access import person

ASKED = "lang"  # the field of an address


class Languages(LocaleMiddleware):
    """Needs to know who asks, so it stands behind sessions and accounts."""

    def process_request(self, request: HttpRequest) -> None:
        translation.activate(language_of(request))

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if "immutable" in response.get("Cache-Control", ""):
            return response  # bytes, the same for everybody
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        response.headers.setdefault("Content-Language", translation.get_language())
        return response


def language_of(request: HttpRequest) -> str:
    known = dict(settings.LANGUAGES)
    asked = request.GET.get(ASKED, "")
    if asked in known:
        return asked
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        user = person(request)
        if user and user.language in known:
            return user.language
    return translation.get_language_from_request(request)


def without_language(request: HttpRequest) -> str:
    """This page's own address, which asks for no language."""
    fields = request.GET.copy()
    fields.pop(ASKED, None)
    query = fields.urlencode()
    return f"{request.path}?{query}" if query else request.path
