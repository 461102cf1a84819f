"""The first page: a photo goes in, cards come out, and each leads on to giving."""

import secrets
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from labeling.detection import feedback, photos
from labeling.errors import Refused
from webapp.forms.contribute import FaceForm, GiveForm
from webapp.http import admission, notice
from webapp.http.access import SiteRequest
from webapp.http.error_responses import Problem, attempt, on_problem
from webapp.metrics import requests
from webapp.presenters import detection, samples
from webapp.views import contribute


@require_safe
def try_it(request: HttpRequest) -> HttpResponse:
    return render(request, "try/try.html", {"samples": samples.all_seen()})


def _no_results(request: SiteRequest, problem: Problem) -> HttpResponse:
    return _show(request, [detection.Result("photo", "", problem=problem)])


@require_POST
@never_cache
@on_problem(_no_results)
def detect(request: SiteRequest) -> HttpResponse:
    files = request.FILES.getlist("photo")
    if not files and request.POST.get("sample") in samples.NAMES:
        return _show(request, [_sample(request.POST["sample"])])
    notice.check(request)
    if not files:
        raise Refused("no_photo", _("No photo arrived. Choose one, or drop it here."))
    if len(files) > admission.MOST_PHOTOS:
        text = _("That is more than %(most)d photos. Please send them in parts.")
        raise Refused("too_many_photos", text % {"most": admission.MOST_PHOTOS})
    return _show(request, [_result(request, file) for file in files])


def _sample(name: str) -> detection.Result:
    """One of the faces that we drew: it costs nobody anything, for it was looked at."""
    return detection.present(
        samples.seen(name), name=name, result_id=f"sample-{secrets.token_hex(3)}"
    )


def _result(request: SiteRequest, file: UploadedFile[Any]) -> detection.Result:
    """One photo of several: what is wrong with it is no business of the others."""
    result_id = f"photo-{secrets.token_hex(3)}"
    seen = attempt(_detect, request, file.read())
    if isinstance(seen, Problem):
        return detection.Result(result_id, file.name or "", problem=seen)
    return detection.present(seen, name=file.name or "", result_id=result_id)


def _detect(request: SiteRequest, data: bytes) -> photos.Detection:
    admission.spend(request, "detect", settings.DETECT_RATE)
    charge = admission.charge_for_work(request, "detect", settings.DETECT_RATE)
    with admission.turn(), charge:
        seen = photos.detect(
            data, crops=True, evidence=True, preview_side=detection.PREVIEW_SIDE
        )
    requests.count_look(seen)
    return seen


def _show(request: SiteRequest, results: list[detection.Result]) -> HttpResponse:
    """A part for the script, a page for everyone else; refused if all photos were."""
    template = "try/results.html" if request.htmx else "try/result.html"
    response = render(request, template, {"results": results})
    problems = [result.problem for result in results if result.problem]
    return problems[0].on(response) if len(problems) == len(results) else response


def _answer_again(request: SiteRequest, problem: Problem) -> HttpResponse:
    if request.htmx:
        context = {"problem": problem.message}
        return problem.on(render(request, "parts/problem.html", context))
    return problem.on(contribute.ask(request, problem=problem.message))


@require_POST
@never_cache
@on_problem(_answer_again)
def answer(request: SiteRequest) -> HttpResponse:
    """What somebody sees in a face is kept at once; then they may give the face."""
    form = FaceForm(request.POST)
    if not form.is_valid():
        raise Refused("not_whole", _("The face did not arrive whole."))
    token, emotion = form.cleaned_data["token"], form.cleaned_data["emotion"]
    claim = photos.open_token(token, form.cleaned_data["crop"])
    try:
        feedback.record(claim, emotion)
    except Refused as refused:
        if refused.code != "already_answered":  # which changes nothing, and leads on
            raise
    giving = GiveForm(initial={"token": token, "emotion": emotion})
    return contribute.confirm(request, giving, crop=form.data["crop"], is_answer=True)
