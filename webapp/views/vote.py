"""Saying what other people's faces show, the giver's label unseen."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from labeling.emotions import Emotion
from labeling.models import Contribution, FaceReport, Vote
from labeling.voting import outcomes, votes
from webapp.http import admission
from webapp.http.access import SiteRequest, device, name_device, person, voter
from webapp.http.error_responses import Problem, on_problem
from webapp.views import faces

MOST_PASSED = 300


@require_safe
@never_cache
def vote(request: SiteRequest) -> HttpResponse:
    """The first face. A browser without an id gets one here, before it may vote."""
    name_device(request)
    return _show(request)


def _with_problem(request: SiteRequest, problem: Problem) -> HttpResponse:
    """The next face under the sentence: this one is done with."""
    return _show(request, problem=problem.message)


@require_POST
@never_cache
@on_problem(_with_problem)
def cast(request: SiteRequest) -> HttpResponse:
    """One vote on the face that was shown, then the next face, and what others said."""
    face = _shown(request)
    if face is None:
        return _show(request, problem=_("That face is no longer here. On to the next."))
    admission.spend(request, "vote", settings.VOTE_RATE)
    vote = votes.cast(face, request.POST.get("choice", ""), **voter(request))
    request.session["votes"] = request.session.get("votes", 0) + 1
    return _show(request, outcome=outcomes.outcome_of(vote))


@require_POST
@never_cache
def skip(request: SiteRequest) -> HttpResponse:
    """Another face; this one does not come back before it is asked for."""
    if face := _shown(request):
        passed = [*request.session.get("passed", []), str(face.pk)]
        request.session["passed"] = passed[-MOST_PASSED:]
    return _show(request)


@require_POST
@never_cache
@on_problem(_with_problem)
def report(request: SiteRequest) -> HttpResponse:
    """The face on the ticket is hidden at once, and the next one comes."""
    if face := _shown(request):
        faces.hide_reported(request, face, request.POST.get("reason", ""))
    return _show(request, reported=True)


@require_POST
@never_cache
def again(request: SiteRequest) -> HttpResponse:
    """The faces that were passed over, once more."""
    request.session.pop("passed", None)
    return _show(request)


@require_POST
@never_cache
@on_problem(_with_problem)
def undo(request: SiteRequest) -> HttpResponse:
    """Take back one's last vote. What others said was shown, so another face comes."""
    votes.undo(by=person(request), device=device(request))
    request.session["votes"] = max(0, request.session.get("votes", 0) - 1)
    return _show(request, undone=True)


def _show(request: SiteRequest, **said: Any) -> HttpResponse:
    passed = [UUID(pk) for pk in request.session.get("passed", [])]
    face = votes.next_face(**voter(request), skipping=passed)
    context = {
        "ticket": faces.make_ticket(request, face) if face else "",
        "emotions": list(Emotion),
        "count": request.session.get("votes", 0),
        "passed": len(passed),
        "decided": outcomes.decided_with(by=person(request), device=device(request)),
        "words": dict(Vote.CHOICES),
        "report_reasons": FaceReport.Reason.choices,
        **said,
    }
    template = "vote/face.html" if request.htmx else "vote/vote.html"
    return render(request, template, context)


def _shown(request: SiteRequest) -> Contribution | None:
    """The face on the ticket: nobody votes on what was not shown to him."""
    try:
        pk = faces.read_ticket(request, request.POST.get("ticket", ""))
    except signing.BadSignature:
        return None
    return Contribution.objects.filter(pk=pk).first()


urlpatterns = [
    path("", vote, name="vote"),
    path("cast/", cast, name="vote-cast"),
    path("skip/", skip, name="vote-skip"),
    path("again/", again, name="vote-again"),
    path("report/", report, name="vote-report"),
    path("undo/", undo, name="vote-undo"),
]
