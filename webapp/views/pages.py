"""Pages that only say something: about, privacy, terms, and the errors."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from labeling.contributions import consent
from webapp.http.error_responses import Problem


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/about.html")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    context = {"version": consent.VERSION, "text": consent.TEXTS[consent.VERSION]}
    return render(request, "pages/privacy.html", context)


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/terms.html")


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    return redirect(static("mark.svg"), permanent=True)


def nowhere(request: HttpRequest, row: str) -> HttpResponse:
    return not_found(request, LookupError(row))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 400, "bad_request", _("The request could not be read."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 403, "forbidden", _("This is not for you."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 404, "not_found", _("There is nothing here."))


def server_error(request: HttpRequest) -> HttpResponse:
    """On a page of its own: whatever failed may fail in the top bar again."""
    return _error(request, 500, "our_fault", _("Something broke on our side."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "errors/csrf.html", status=403)


def _error(request: HttpRequest, status: int, code: str, message: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse(Problem(status, code, message).json, status=status)
    return render(request, f"errors/{status}.html", status=status)
