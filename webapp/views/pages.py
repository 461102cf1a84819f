"""Pages that only say something: about, privacy, terms, and the errors."""

import sys

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from labeling.contributions import consent
from webapp.http.error_responses import Problem, is_expected, problem_of


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/about.html")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    context = {
        "version": consent.VERSION,
        "text": consent.TEXTS[consent.VERSION],
        "keep_backups_days": settings.KEEP_BACKUPS_DAYS,
    }
    return render(request, "pages/privacy.html", context)


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/terms.html")


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    return redirect(static("mark.svg"), permanent=True)


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
