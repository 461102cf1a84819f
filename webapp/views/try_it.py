"""The first page: a photo goes in, cards come out, and each leads on to giving."""

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from labeling.detection import feedback
from labeling.detection import photos as photos
from labeling.errors import Refused
from ml.vision.decode import BadPicture
from webapp.forms.contribute import FaceForm, GiveForm
from webapp.forms.detect import DetectForm
from webapp.http import error_responses, throttling, uploads
from webapp.http.access import wants_part
from webapp.presenters import detection
from webapp.views import contribute


@require_safe
def try_it(request: HttpRequest) -> HttpResponse:
    return render(request, "try/try.html", {"form": DetectForm()})


@require_POST
@never_cache
def detect(request: HttpRequest) -> HttpResponse:
    try:
        uploads.check_size(request)
    except BadPicture as why:
        return _answer(
            request,
            [detection.Result("photo", "", refusal=error_responses.for_error(why))],
        )
    form = DetectForm(request.POST, request.FILES)
    if not form.is_valid():
        refusal = error_responses.Refusal(400, "no_photo", str(form.errors["photo"][0]))
        return _answer(request, [detection.Result("photo", "", refusal=refusal)])
    results = []
    for photo in form.cleaned_data["photo"]:
        id = f"photo-{secrets.token_hex(3)}"
        try:
            throttling.spend(request, "detect", settings.DETECT_RATE)
            result = detection.detect(photo.read(), name=photo.name, id=id)
            code = result.refusal.code if result.refusal else ""
            throttling.charge(request, "detect", settings.DETECT_RATE, code)
        except error_responses.EXPECTED as why:
            result = detection.Result(
                id, photo.name, refusal=error_responses.for_error(why)
            )
        results.append(result)
    return _answer(request, results)


def _answer(request: HttpRequest, results: list[detection.Result]) -> HttpResponse:
    """A part for the script, a page for everyone else; refused if all photos were."""
    template = "try/results.html" if wants_part(request) else "try/result.html"
    response = render(request, template, {"results": results})
    refused = [result.refusal for result in results if result.refusal]
    return refused[0].on(response) if len(refused) == len(results) else response


@require_POST
@never_cache
def answer(request: HttpRequest) -> HttpResponse:
    """Yes or no to a guess; either way the next step is to give the face."""
    form = FaceForm(request.POST)
    is_right = request.POST.get("is_right") == "yes"
    if not form.is_valid():
        return _not_answered(request, _("The face did not arrive whole."))
    try:
        claim = photos.open_token(form.cleaned_data["token"], form.cleaned_data["crop"])
        feedback.record(claim, is_right)
    except Refused as why:
        if why.code != "already_answered":
            return _not_answered(request, why.message)
    guess = claim.emotion if is_right else ""
    giving = GiveForm(initial={"token": form.data["token"], "emotion": guess})
    return contribute.confirm(request, giving, crop=form.data["crop"])


def _not_answered(request: HttpRequest, problem: object) -> HttpResponse:
    if wants_part(request):
        return render(request, "try/problem.html", {"problem": problem}, status=400)
    return contribute.ask(request, problem=problem, status=400)
