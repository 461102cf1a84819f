"""Pages that only say something: about, privacy, terms, the notice before the first
look, files that programs look for, and the errors."""

import sys
from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)
from django.views.i18n import set_language

from labeling import accounts, controller
from labeling.contributions import consent
from labeling.papers import markdown
from webapp.http import notice as notices
from webapp.http.access import person
from webapp.http.error_responses import Problem, is_expected, problem_of

PLAIN = "text/plain; charset=utf-8"
LASTS = timedelta(days=90)  # a contact that is older is not believed
WAIT_FOR_THE_NOTICE = ("try", "live", "booth", "contribute")
NOT_FOR_SEARCH_ENGINES = (
    *("/account", "/admin/", "/answer/", "/api/v1/", "/contribute/give/", "/detect/"),
    *("/faces/", "/health", "/my/", "/review/", "/training/", "/vote/", "/withdraw/"),
)


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/about.html")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    context = {
        "version": consent.VERSION,
        "text": consent.shown(),
        "controller": controller.stated(),
        "keep_waiting_days": settings.KEEP_WAITING_DAYS,
        "keep_rejected_days": settings.KEEP_REJECTED_DAYS,
        "keep_backups_days": settings.KEEP_BACKUPS_DAYS,
    }
    return render(request, "pages/privacy.html", context)


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    context = {"controller": controller.stated()}
    return render(request, "pages/terms.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def notice(request: HttpRequest) -> HttpResponse:
    """What happens to pictures here, and the yes that it was read."""
    if request.method != "POST":
        return render(request, "notice/notice.html", {"page": "try"})
    page = request.POST.get("page", "")
    response = redirect(page if page in WAIT_FOR_THE_NOTICE else "try")
    notices.keep(request, response)
    if settings.IS_PUBLIC and (user := person(request)):
        accounts.say_of_age(user)
    return response


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """What the pages speak from now on, kept in a cookie and with the account."""
    chosen = request.POST.get("language", "")
    if (user := person(request)) and chosen in dict(settings.LANGUAGES):
        accounts.choose_language(user, chosen)
    return set_language(request)


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    return redirect(static("mark.svg"), permanent=True)


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
        f"Preferred-Languages: {', '.join(code for code, _ in settings.LANGUAGES)}",
        f"Canonical: {settings.SITE_URL}{request.path}",
    ]
    if settings.SECURITY_POLICY:
        lines.append(f"Policy: {settings.SECURITY_POLICY}")
    return _lines(*lines)


def _lines(*lines: str) -> HttpResponse:
    return HttpResponse("".join(f"{line}\n" for line in lines), content_type=PLAIN)


def paper(
    request: HttpRequest,
    text: str,
    *,
    back: str,
    language: str | None = None,
    **arguments: object,
) -> HttpResponse:
    """A paper of `labeling/papers/`: Markdown whose first line is the title. `back`:
    the page that it is of. `language`: the paper's own, if it is not the page's."""
    title = text.strip().splitlines()[0].lstrip("# ").replace("\\", "")
    context = {
        "title": title,
        "paper": markdown.to_html(text),
        "back": reverse(back, kwargs=arguments),
        "language": language or get_language(),
    }
    return render(request, "papers/paper.html", context)


def nowhere(request: HttpRequest, **_: object) -> HttpResponse:
    raise Http404


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 400, "bad_request", _("The request could not be read."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 403, "forbidden", _("This is not for you."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 404, "not_found", _("There is nothing here."))


def server_error(request: HttpRequest) -> HttpResponse:
    """On a page of its own: whatever failed may fail in the top bar again."""
    error = sys.exception()
    if error and is_expected(error):  # Raised outside of any view, as by a session.
        problem = problem_of(error)
        return problem.on(_error(request, 500, problem.code, problem.message))
    return _error(
        request,
        500,
        "our_fault",
        _(
            "Something broke on our side. Nothing of yours was kept; it is worth "
            "another try in a minute."
        ),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "errors/csrf.html", status=403)


def _error(request: HttpRequest, status: int, code: str, message: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse(Problem(status, code, message).json, status=status)
    context = {"problem": message}
    return render(request, f"errors/{status}.html", context, status=status)
