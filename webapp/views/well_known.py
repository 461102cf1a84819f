"""Files that programs look for: search engines theirs, finders of holes theirs."""

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

PLAIN = "text/plain; charset=utf-8"
LASTS = timedelta(days=90)  # a contact that is older is not believed
NOT_FOR_SEARCH_ENGINES = (
    *("/account", "/admin/", "/answer/", "/api/v1/", "/contribute/give/", "/detect/"),
    *("/faces/", "/health", "/my/", "/review/", "/training/", "/vote/", "/withdraw/"),
)


@require_safe
@cache_control(max_age=3600, public=True)
def robots(request: HttpRequest) -> HttpResponse:
    rules = [f"Disallow: {path}" for path in NOT_FOR_SEARCH_ENGINES]
    return _lines("User-agent: *", *rules)


@require_safe
@cache_control(max_age=3600, public=True)
def security(request: HttpRequest) -> HttpResponse:
    """RFC 9116. Without somebody to write to there is no such file."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    expires = timezone.now() + LASTS
    lines = [
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en",
        f"Canonical: {settings.SITE_URL}{request.path}",
    ]
    if settings.SECURITY_POLICY:
        lines.append(f"Policy: {settings.SECURITY_POLICY}")
    return _lines(*lines)


def _lines(*lines: str) -> HttpResponse:
    return HttpResponse("".join(f"{line}\n" for line in lines), content_type=PLAIN)
