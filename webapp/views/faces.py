"""Stored faces as pictures: never cached, never without asking who wants to see. And
urgent reports about them, which hide a face at once."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from labeling.contributions import face_reports, pictures
from labeling.errors import Refused
from labeling.models import Contribution, FaceReport
from labeling.voting import votes
from webapp.forms import ids
from webapp.http import admission
from webapp.http.access import (
    SiteRequest,
    UserRequest,
    person,
    reviewers_only,
    voter,
    voter_key,
)
from webapp.http.error_responses import Problem, message_and_back, on_problem
from workers import launch

TICKET_SALT = "mien.vote.face"
TICKET_SECONDS = 15 * 60


@require_GET
@never_cache
def face(request: HttpRequest, pk: UUID) -> HttpResponse:
    """For whoever gave it, and for reviewers; to everyone else it does not exist."""
    user = person(request)
    if user is None:
        raise Http404
    jpeg = pictures.of(pk, seen_by=user)
    if jpeg is None:
        raise Http404
    return picture(jpeg)


def _no_such_face(request: SiteRequest, problem: Problem) -> HttpResponse:
    raise Http404


@require_GET
@never_cache
@on_problem(_no_such_face)
def voters_face(request: SiteRequest, ticket: str) -> HttpResponse:
    """For one voter and a quarter of an hour, as long as its giver agrees."""
    try:
        pk = read_ticket(request, ticket)
    except signing.BadSignature:
        raise Http404 from None
    face = get_object_or_404(Contribution, pk=pk)
    return picture(votes.picture(face, **voter(request)))


def make_ticket(request: SiteRequest, contribution: Contribution) -> str:
    """Proof that this face was shown to this voter; good for a quarter of an hour."""
    return signing.dumps([str(contribution.pk), voter_key(request)], salt=TICKET_SALT)


def read_ticket(request: SiteRequest, ticket: str) -> UUID:
    """Which face; raises BadSignature for another voter's ticket, or an old one."""
    pk, voter = signing.loads(ticket, salt=TICKET_SALT, max_age=TICKET_SECONDS)
    if voter != voter_key(request):
        raise signing.BadSignature
    return UUID(pk)


def picture(content: bytes, kind: str = "image/jpeg") -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Cache-Control"] = "private, no-store"
    response["Content-Disposition"] = "inline"
    return response


def hide_reported(request: SiteRequest, face: Contribution, reason: str) -> None:
    """From the vote page and for released faces alike: counted, then hidden."""
    admission.spend(request, "report", settings.REPORT_RATE)
    launch.report_face(face, reason)


def _ask_again(request: SiteRequest, problem: Problem) -> HttpResponse:
    return problem.on(_ask_for_report(request, problem=problem.message))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@on_problem(_ask_again)
def report(request: SiteRequest) -> HttpResponse:
    """By its number, as it stands in a release; on the vote page it needs none."""
    if request.method != "POST":
        return _ask_for_report(request)
    found = ids.uuids([request.POST.get("face", "").strip()])
    face = face_reports.shown(next(iter(found), None))
    hide_reported(request, face, request.POST.get("reason", ""))
    return render(request, "faces/reported.html", status=201)


def _ask_for_report(request: SiteRequest, **said: object) -> HttpResponse:
    number = request.POST.get("face") or request.GET.get("face", "")
    context = {"reasons": FaceReport.Reason.choices, "number": number, **said}
    return render(request, "faces/report.html", context)


@require_GET
@reviewers_only
@never_cache
def reported(request: UserRequest) -> HttpResponse:
    """The faces that are hidden, the oldest first, for a reviewer to decide about."""
    rows = FaceReport.objects.select_related("contribution")
    return render(request, "faces/reports.html", {"reports": rows})


@require_POST
@reviewers_only
@never_cache
@on_problem(message_and_back("reported-faces"))
def decide_report(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(FaceReport, pk=pk)
    match request.POST.get("act"):
        case "remove":
            face_reports.remove(row, by=request.user)
            messages.success(request, _("Removed. This picture is not taken again."))
        case "clear":
            face_reports.clear(row, by=request.user)
            messages.success(request, _("The face stands as before."))
        case _other:
            raise Refused("no_decision", _("That was no decision."))
    return redirect("reported-faces")


urlpatterns = [
    path("report/", report, name="report-face"),
    path("reported/", reported, name="reported-faces"),
    path("reported/<int:pk>/", decide_report, name="decide-report"),
    path("<uuid:pk>.jpg", face, name="face"),
    path("seen/<str:ticket>.jpg", voters_face, name="voters-face"),
]
