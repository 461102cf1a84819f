"""Giving a face: the expression, the photo, then what may be done with it."""

import base64
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
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
from ml.vision.decode import BadPicture
from webapp.forms.contribute import FaceForm, GiveForm
from webapp.http import error_responses, overload, throttling, uploads
from webapp.http.access import given_here, keep_given, person, wants_part


@require_http_methods(["GET", "POST"])
@never_cache
def contribute(request: HttpRequest) -> HttpResponse:
    """Ask for a face; with a photo, show what was found; with a face, ask about it."""
    if request.method == "GET":
        return ask(request)
    try:
        uploads.check_size(request)
        throttling.spend(request, "detect", settings.DETECT_RATE)
    except error_responses.EXPECTED as why:
        refusal = error_responses.for_error(why)
        return refusal.on(ask(request, problem=refusal.message))
    if photo := request.FILES.get("photo"):
        return find(request, photo.read())
    form = FaceForm(request.POST)
    if not form.is_valid():
        return ask(request, problem=_("Please choose a photo first."), status=400)
    return propose(request, request.POST.dict(), form.cleaned_data["crop"])


@require_POST
@never_cache
def give(request: HttpRequest) -> HttpResponse:
    form = GiveForm(request.POST)
    crop = request.POST.get("crop", "")
    if "crop" in form.errors or "token" in form.errors:
        return ask(request, problem=_("Please choose a photo first."), status=400)
    if not form.is_valid():
        return confirm(request, form, crop=crop, status=400)
    try:
        throttling.spend(request, "give", settings.GIVE_RATE)
        claim = photos.open_token(form.cleaned_data["token"], form.cleaned_data["crop"])
        offer = offers.offer(
            form.cleaned_data["crop"],
            form.cleaned_data["emotion"],
            by=person(request),
            consent=form.consent(),
            claim=claim,
            source=Contribution.Source.SITE,
            before=given_here(request),
        )
    except error_responses.EXPECTED as why:
        refusal = error_responses.for_error(why)
        return refusal.on(confirm(request, form, crop=crop, problem=refusal.message))
    response = thank(request, claim, offer, crop)
    keep_given(request, response, offer.contribution.pk)
    return response


def ask(
    request: HttpRequest, *, problem: object = "", status: int = 200
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


def find(request: HttpRequest, data: bytes) -> HttpResponse:
    try:
        with overload.turn():
            look = photos.detect(data, crops=True)
    except error_responses.EXPECTED as why:
        refusal = error_responses.for_error(why)
        throttling.charge(request, "detect", settings.DETECT_RATE, refusal.code)
        return refusal.on(ask(request, problem=refusal.message))
    if not look.faces:
        return ask(
            request,
            problem=_(
                "We can't find a face in this photo. It helps when the whole face is"
                " in the picture, in good light, and not too small."
            ),
        )
    faces = [
        {"crop": base64.b64encode(f.crop_jpeg).decode(), "token": f.token}
        for f in look.faces
    ]
    chosen = request.POST.get("emotion", "")
    if len(faces) > 1:
        context = {"faces": faces, "chosen": chosen}
        return render(request, "contribute/choose.html", context)
    return propose(request, faces[0] | {"emotion": chosen}, look.faces[0].crop_jpeg)


def propose(request: HttpRequest, face: dict[str, Any], jpeg: bytes) -> HttpResponse:
    """Ask about one face, unless it is so poor that it could not be kept anyway."""
    try:
        with overload.turn():
            offers.open_crop(jpeg)
    except (Refused, BadPicture) as why:
        return ask(request, problem=error_responses.for_error(why).message)
    except overload.Busy as why:
        refusal = error_responses.for_error(why)
        return refusal.on(ask(request, problem=refusal.message))
    return confirm(request, GiveForm(initial=face), crop=face["crop"])


def confirm(
    request: HttpRequest,
    form: GiveForm,
    *,
    crop: str | None,
    problem: object = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "crop": crop,
        "problem": problem,
        "text": consent.TEXTS[consent.VERSION],
    }
    template = "try/give.html" if wants_part(request) else "contribute/confirm.html"
    return render(request, template, context, status=status)


def thank(
    request: HttpRequest,
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
        "link": link,
        "needs": needs,
        "plea": demand.request(needs),
    }
    template = "try/given.html" if wants_part(request) else "contribute/thanks.html"
    return render(request, template, context, status=201)


urlpatterns = [
    path("", contribute, name="contribute"),
    path("give/", give, name="contribute-give"),
]
