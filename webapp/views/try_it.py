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

from labeling.contributions import device_model
from labeling.detection import feedback, photos
from labeling.errors import Refused
from webapp.engine import words
from webapp.forms.contribute import (
    DeviceAnswerForm,
    FaceForm,
    GiveForm,
    UnseenGiveForm,
)
from webapp.http import admission, notice
from webapp.http.access import SiteRequest
from webapp.http.error_responses import Problem, attempt, on_problem
from webapp.metrics import requests
from webapp.presenters import detection, samples
from webapp.views import contribute


@require_safe
def try_it(request: HttpRequest) -> HttpResponse:
    return render(request, "try/try.html", {"samples": samples.all_seen(), **_ways()})


def _ways() -> dict[str, object]:
    """Whether a visitor's own device may look, and what the page says of it."""
    why, said = words.why_by_site(), words.of_photos()
    if why:
        return {"where": f"{said['by_site']} {words.because()[why]}"}
    return {
        "where": said["by_site"],
        "is_by_device": True,
        "device_words": detection.for_scripts() | said,
        "blanks": detection.blanks(),
    }


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
    admission.check_count(len(files))
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
    context = {"results": results, "where": words.of_photos()["by_site"]}
    response = render(request, template, context)
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


@require_POST
@never_cache
@on_problem(_answer_again)
def answer_from_device(request: SiteRequest) -> HttpResponse:
    """As `answer`, of a face that only this visitor's own device has looked at: nothing
    of the face is sent, so it is counted apart."""
    admission.spend(request, "answer", settings.DETECT_RATE)
    form = DeviceAnswerForm(request.POST)
    if not form.is_valid():
        raise Refused("not_whole", _("The answer did not arrive whole."))
    version = device_model.of_file(form.cleaned_data["model"])
    if version is None:
        raise Refused("no_such_model", _("The model that answered is not here."))
    emotion = form.cleaned_data["emotion"]
    feedback.record_from_device(version, form.cleaned_data["guess"], emotion)
    return contribute.confirm_unseen(
        request, UnseenGiveForm(initial={"emotion": emotion})
    )
