"""Stored faces as pictures: never cached, never without asking who wants to see."""

from uuid import UUID

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from labeling.contributions import pictures
from labeling.models import Contribution
from labeling.voting import votes
from webapp.http.access import SiteRequest, person, voter, voter_key
from webapp.http.error_responses import Problem, on_problem

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


urlpatterns = [
    path("<uuid:pk>.jpg", face, name="face"),
    path("seen/<str:ticket>.jpg", voters_face, name="voters-face"),
]
