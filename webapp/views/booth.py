"""The booth: all seven expressions before the camera, given with one consent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import npgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from labeling.contributions import consent, offers
from labeling.emotions import Emotion
from labeling.errors import Refused
from labeling.models import Contribution
from webapp.forms.contribute import ConsentsForm, FaceForm
from webapp.http import giving
from webapp.http.access import SiteRequest, keep_given
from webapp.http.error_responses import Problem, attempt
from webapp.http.notice import notice_first
from webapp.presenters.formats import by_count
from webapp.views import live


@dataclass(frozen=True)
class Refusal:
    """A face that was not kept, and why."""

    emotion: str  # or empty, where it is none
    problem: Problem


@require_safe
@never_cache
@ensure_csrf_cookie
@notice_first("booth")
def booth(request: SiteRequest) -> HttpResponse:
    return _page(request)


@require_POST
@never_cache
def give(request: SiteRequest) -> HttpResponse:
    """Up to seven faces, each by the same act as one alone: one that is refused costs
    the others nothing."""
    agreed = _consent(ConsentsForm(request.POST))
    faces = _faces(request.POST)
    outcomes = [attempt(_give_one, request, face, agreed) for face in faces]
    kept = [outcome for outcome in outcomes if isinstance(outcome, offers.Offer)]
    refused = [
        Refusal(_known(face["emotion"]), outcome)
        for face, outcome in zip(faces, outcomes, strict=True)
        if isinstance(outcome, Problem)
    ]
    if not kept:
        return refused[0].problem.on(_answer(request, kept, refused))
    response = _answer(request, kept, refused, status=201)
    keep_given(request, response, *(offer.contribution.pk for offer in kept))
    return response


def _consent(form: ConsentsForm) -> consent.Consent:
    if form.is_valid():
        return form.consent()
    errors = cast(Mapping[str, list[str]], form.errors)
    raise Refused("consent_missing", str(next(iter(errors.values()))[0]))


def _faces(sent: QueryDict) -> list[dict[str, str]]:
    """The faces of the form, whose fields come once for each."""
    names = ("crop", "token", "emotion")
    columns = [sent.getlist(name) for name in names]
    count = len(columns[0])
    if not 0 < count <= len(Emotion) or any(len(one) != count for one in columns):
        raise Refused(
            "not_whole", _("The faces did not arrive whole. Please try again.")
        )
    return [dict(zip(names, face, strict=True)) for face in zip(*columns, strict=True)]


def _known(emotion: str) -> str:
    return emotion if emotion in Emotion else ""


def _give_one(
    request: SiteRequest, face: dict[str, str], agreed: consent.Consent
) -> offers.Offer:
    form = FaceForm(face)
    if not form.is_valid():
        raise Refused("not_whole", _("This face did not arrive whole."))
    offer, _claim = giving.give(
        request,
        form.cleaned_data["crop"],
        form.cleaned_data["emotion"],
        token=form.cleaned_data["token"],
        consent=agreed,
        source=Contribution.Source.SITE,
    )
    return offer


def _answer(
    request: SiteRequest,
    kept: list[offers.Offer],
    refused: list[Refusal],
    *,
    status: int = 200,
) -> HttpResponse:
    secrets = [offer.secret for offer in kept if offer.secret]
    link = ""
    if secrets:
        page = request.build_absolute_uri(reverse("withdraw"))
        link = f"{page}#{','.join(secrets)}"
    given = [offer.contribution.emotion for offer in kept]
    context = {"given": given, "refused": refused, "link": link, "is_answer": True}
    if request.htmx:
        return render(request, "booth/given.html", context, status=status)
    return _page(request, **context, status=status)


def _page(request: SiteRequest, *, status: int = 200, **answer: object) -> HttpResponse:
    context = {
        "form": ConsentsForm(),
        "text": consent.shown(),
        "words": words(),
        **answer,
    }
    return render(request, "booth/booth.html", context, status=status)


def words() -> dict[str, object]:
    """Every sentence that the script may say, and the emotions with what to do."""
    how = _how()
    emotions = [one | {"how": how[one["name"]]} for one in live.emotions()]
    return {"emotions": emotions, **live.camera_troubles(), **_said()}


def _said() -> dict[str, live.Said]:
    return {
        "waiting": _("Waiting for the camera…"),
        "no_face": _("No face in view. Come closer, or find more light."),
        "several": _("Several faces are in view. The largest one is taken."),
        "wanted": _("The model sees it. Take the picture now."),
        "other": _("The model sees {emotion} so far. A little more."),
        "resting": _("Resting while this tab is hidden."),
        "busy": _("Many people are here. Going on in {seconds} s."),
        "offline": _("The site cannot be reached. Trying again in {seconds} s."),
        "not_found": _("No face was found in that picture. Please take it again."),
        "not_taken": _("That picture could not be looked at. Please take it again."),
        "progress": _("{number} of {count}"),
        "taken": _("{emotion} is taken."),
        "retake": _("{emotion}: take it again"),
        "take": _("{emotion}: take it"),
        "over": _("Done. Your faces are below."),
        "again": _("Start the camera again"),
        "give": by_count(
            lambda n: npgettext(
                "on a button", "Give this face", "Give these {count} faces", n
            )
        ),
    }


def _how() -> dict[str, str]:
    return {
        Emotion.ANGRY: _("Pull your eyebrows down and press your lips together."),
        Emotion.DISGUST: _("Wrinkle your nose, as if something smelled bad."),
        Emotion.FEAR: _("Open your eyes wide and stretch your mouth sideways."),
        Emotion.HAPPY: _("Smile, with your eyes too."),
        Emotion.SAD: _("Let the corners of your mouth drop. Lift your inner eyebrows."),
        Emotion.SURPRISE: _("Raise your eyebrows and let your mouth fall open."),
        Emotion.NEUTRAL: _("Let your whole face rest."),
    }


urlpatterns = [
    path("", booth, name="booth"),
    path("give/", give, name="booth-give"),
]
