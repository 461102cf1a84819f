"""Seeing, taking along and taking back faces with the private links alone. Only a POST
does anything, and the secrets travel in its body: no log, no preview, no history learns
one. The faces are in the page itself: no address would show one to whoever has no link.
"""

import base64

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from labeling.contributions import withdrawals
from labeling.models import Contribution, Crop
from webapp.http.error_responses import Problem, attempt
from webapp.presenters import contribution, data_export

MOST_LINKS = 200
MOST_SHOWN = 24  # pictures of one page


@sensitive_post_parameters("links")
@require_http_methods(["GET", "POST"])
@never_cache
def withdraw(request: HttpRequest) -> HttpResponseBase:
    """Show the faces of the links first, and what became of them; hand them out, or
    take them back once that was said again."""
    if request.method == "GET":
        return render(request, "withdraw/withdraw.html")
    links = request.POST.get("links", "")
    secrets = [line.rpartition("#")[2] for line in links.replace(",", " ").split()]
    if not secrets:
        problem = _(
            "Please paste the private link that you got when you gave the face."
        )
        return _again(request, problem, links)
    if request.POST.get("download") == "yes":
        act = _download
    else:
        act = _take_back if request.POST.get("sure") == "yes" else _show
    return act(request, list(dict.fromkeys(secrets[:MOST_LINKS])), links)


def _show(request: HttpRequest, secrets: list[str], links: str) -> HttpResponse:
    outcomes = _faces(secrets)
    faces = [outcome for outcome in outcomes if isinstance(outcome, Contribution)]
    unknown = [outcome.message for outcome in outcomes if isinstance(outcome, Problem)]
    if not faces:
        return _again(request, unknown[0], links)
    shown = Crop.objects.in_bulk([face.pk for face in faces[:MOST_SHOWN]])
    pictures = [
        (told, base64.b64encode(bytes(shown[told.face.pk].jpeg)).decode())
        for told in contribution.summarise(faces[:MOST_SHOWN])
        if told.face.pk in shown
    ]
    context = {
        "faces": faces,
        "pictures": pictures,
        "unshown": len(faces) - len(pictures),
        "unknown": unknown,
        "links": "\n".join(secrets),
    }
    return render(request, "withdraw/confirm.html", context)


def _download(request: HttpRequest, secrets: list[str], links: str) -> HttpResponseBase:
    faces = _faces(secrets)
    ids = [face.pk for face in faces if isinstance(face, Contribution)]
    if not ids:
        return _show(request, secrets, links)
    return data_export.of_links(Contribution.objects.filter(pk__in=ids))


def _faces(secrets: list[str]) -> list[Contribution | Problem]:
    return [attempt(withdrawals.face_of_secret, secret) for secret in secrets]


def _take_back(request: HttpRequest, secrets: list[str], links: str) -> HttpResponse:
    outcome = attempt(withdrawals.withdraw_by_secrets, secrets)
    if isinstance(outcome, Problem):
        return _again(request, outcome.message, links)
    receipt, unknown = outcome
    context = {"receipt": receipt, "unknown": [why.message for why in unknown]}
    return render(request, "withdraw/receipt.html", context)


def _again(request: HttpRequest, problem: str, links: str) -> HttpResponse:
    context = {"problem": problem, "links": links}
    return render(request, "withdraw/withdraw.html", context, status=400)


urlpatterns = [path("", withdraw, name="withdraw")]
