"""Giving a face: the expression, the photo, then what may be done with it."""

import base64
from collections.abc import Mapping

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from labeling.contributions import consent, offers
from labeling.detection import photos
from labeling.emotions import Emotion
from labeling.errors import Refused
from labeling.models import Contribution
from labeling.review import demand
from webapp.forms.contribute import FaceForm, GiveForm, UnseenGiveForm
from webapp.http import admission, giving, notice
from webapp.http.access import SiteRequest, keep_given
from webapp.http.error_responses import Problem, on_problem
from webapp.http.notice import notice_first
from webapp.metrics import requests


def _ask_with_problem(request: SiteRequest, problem: Problem) -> HttpResponse:
    return problem.on(ask(request, problem=problem.message))


def _ask_for_a_better_face(request: SiteRequest, problem: Problem) -> HttpResponse:
    """Of a poor face nothing went wrong, so it is an answer like any other."""
    page = ask(request, problem=problem.message)
    return problem.on(page) if problem.code == "busy" else page


def _confirm_with_problem(request: SiteRequest, problem: Problem) -> HttpResponse:
    crop = request.POST.get("crop", "")
    page = confirm(request, GiveForm(request.POST), crop=crop, problem=problem.message)
    return problem.on(page)


@require_http_methods(["GET", "POST"])
@never_cache
@notice_first("contribute")
@on_problem(_ask_with_problem)
def contribute(request: SiteRequest) -> HttpResponse:
    """Ask for a face; with a photo, show what was found; with a face, ask about it."""
    if request.method == "GET":
        return ask(request)
    admission.spend(request, "detect", settings.DETECT_RATE)
    if photo := request.FILES.get("photo"):
        return find(request, photo.read())
    form = FaceForm(request.POST)
    if not form.is_valid():
        return ask(request, problem=_("Please choose a photo first."), status=400)
    return propose(request, request.POST.dict(), form.cleaned_data["crop"])


@require_POST
@never_cache
@on_problem(_confirm_with_problem)
def give(request: SiteRequest) -> HttpResponse:
    form = GiveForm(request.POST)
    crop = request.POST.get("crop", "")
    if "crop" in form.errors or "token" in form.errors:
        return ask(request, problem=_("Please choose a photo first."), status=400)
    if not form.is_valid():
        return confirm(request, form, crop=crop, status=400)
    offer, claim = giving.give(
        request,
        form.cleaned_data["crop"],
        form.cleaned_data["emotion"],
        token=form.cleaned_data["token"],
        consent=form.consent(),
        source=Contribution.Source.SITE,
    )
    response = thank(request, claim, offer, crop)
    keep_given(request, response, offer.contribution.pk)
    return response


def _confirm_unseen_with_problem(
    request: SiteRequest, problem: Problem
) -> HttpResponse:
    page = confirm_unseen(
        request, UnseenGiveForm(request.POST), problem=problem.message
    )
    return problem.on(page)


@require_POST
@never_cache
@on_problem(_confirm_unseen_with_problem)
def give_unseen(request: SiteRequest) -> HttpResponse:
    """As `give`, of a face that the site has not seen yet."""
    notice.check(request)
    form = UnseenGiveForm(request.POST)
    if not form.is_valid():
        if "crop" in form.errors:
            raise Refused("not_whole", str(form.errors["crop"][0]))
        return confirm_unseen(request, form, status=400)
    offer, claim = giving.give_unseen(
        request,
        form.cleaned_data["crop"],
        form.cleaned_data["emotion"],
        consent=form.consent(),
        source=Contribution.Source.SITE,
    )
    response = thank(request, claim, offer, request.POST["crop"])
    keep_given(request, response, offer.contribution.pk)
    return response


def confirm_unseen(
    request: SiteRequest,
    form: UnseenGiveForm,
    *,
    problem: object = "",
    status: int = 200,
) -> HttpResponse:
    """Ask whether a face may be kept that lies in the browser alone: its script puts it
    into the form when it is given."""
    said = form["emotion"].value()
    context = {
        "form": form,
        "emotion": said if said in Emotion.values else None,
        "crop": request.POST.get("crop", ""),
        "problem": problem,
        "is_unseen": True,
        "text": consent.TEXTS[consent.VERSION],
    }
    return render(request, "try/give.html", context, status=status)


def ask(
    request: SiteRequest, *, problem: object = "", status: int = 200
) -> HttpResponse:
    needs = demand.by_emotion()
    chosen = request.POST.get("emotion") or request.GET.get("emotion")
    context = {
        "needs": needs,
        "plea": demand.request(needs),
        "chosen": chosen or needs[0].emotion.value,
        "problem": problem,
    }
    return render(request, "contribute/contribute.html", context, status=status)


def find(request: SiteRequest, data: bytes) -> HttpResponse:
    charge = admission.charge_for_work(request, "detect", settings.DETECT_RATE)
    with admission.turn(), charge:
        seen = photos.detect(data, crops=True)
    requests.count_look(seen)
    if not seen.faces:
        return ask(
            request,
            problem=_(
                "We can't find a face in this photo. It helps when the whole face is"
                " in the picture, in good light, and not too small."
            ),
        )
    faces = [
        {"crop": base64.b64encode(f.crop_jpeg).decode(), "token": f.token}
        for f in seen.faces
    ]
    chosen = request.POST.get("emotion", "")
    if len(faces) > 1:
        context = {"faces": faces, "chosen": chosen}
        return render(request, "contribute/choose.html", context)
    return propose(request, faces[0] | {"emotion": chosen}, seen.faces[0].crop_jpeg)


@on_problem(_ask_for_a_better_face)
def propose(
    request: SiteRequest, face: Mapping[str, str | None], jpeg: bytes
) -> HttpResponse:
    """Ask about one face, unless it is so poor that it could not be kept anyway."""
    with admission.turn():
        offers.open_crop(jpeg)
    known = {name: face.get(name) for name in ("token", "emotion")}  # never a consent
    return confirm(request, GiveForm(initial=known), crop=face["crop"])


def confirm(
    request: SiteRequest,
    form: GiveForm,
    *,
    crop: str | None,
    problem: object = "",
    status: int = 200,
    is_answer: bool = False,
) -> HttpResponse:
    """Ask whether a face may be kept; `is_answer`: what it shows was said just now."""
    said = form["emotion"].value()
    context = {
        "form": form,
        "emotion": said if said in Emotion.values else None,
        "crop": crop,
        "problem": problem,
        "is_answer": is_answer,
        "text": consent.shown(),
    }
    template = "try/give.html" if request.htmx else "contribute/confirm.html"
    return render(request, template, context, status=status)


def thank(
    request: SiteRequest,
    claim: photos.FaceClaim,
    offer: offers.Offer,
    crop: str,
) -> HttpResponse:
    """The secret stands on this one page; its link hides it from logs."""
    needs = demand.by_emotion()
    link = ""
    if offer.secret:
        link = request.build_absolute_uri(reverse("withdraw")) + f"#{offer.secret}"
    context = {
        "claim": claim,
        "crop": crop,
        "emotion": Emotion(offer.contribution.emotion),
        "is_second_label": offer.is_second_label,
        "link": link,
        "needs": needs,
        "plea": demand.request(needs),
    }
    template = "try/given.html" if request.htmx else "contribute/thanks.html"
    return render(request, template, context, status=201)


urlpatterns = [
    path("", contribute, name="contribute"),
    path("give/", give, name="contribute-give"),
    path("give/unseen/", give_unseen, name="contribute-give-unseen"),
]
