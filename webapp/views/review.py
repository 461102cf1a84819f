"""The review queue: one face at a time by keyboard, many at once in the grid."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from labeling.emotions import Emotion
from labeling.models import Contribution, Crop, Review, Suspect
from labeling.review import bulk_decisions, decisions, review_queue
from labeling.voting import rings
from webapp.forms import ids
from webapp.forms.review import BulkForm, DecisionForm, FilterForm
from webapp.http import last_bulk
from webapp.http.access import UserRequest, reviewers_only
from webapp.http.error_responses import Problem, message_and_back, on_problem
from webapp.presenters import contribution, review_item
from webapp.views.faces import picture

GRID = 60
MOST_AT_ONCE = 2000
MOST_SKIPPED = 300
COUNTED_UP_TO = 1000


@require_GET
@reviewers_only
@never_cache
def review(request: UserRequest) -> HttpResponse:
    return _show(request, FilterForm(request.GET))


def _with_problem(request: UserRequest, problem: Problem) -> HttpResponse:
    """The next face under the sentence: this one is done with."""
    return _show(request, _filters(request), problem=problem.message)


@require_POST
@reviewers_only
@never_cache
@on_problem(_with_problem)
def decide(request: UserRequest, pk: UUID) -> HttpResponse:
    """One decision, then the next face. Somebody else's earlier decision stands."""
    filters, form = _filters(request), DecisionForm(request.POST)
    face = Contribution.objects.undoubted().filter(pk=pk).first()
    if face is None:
        return _show(request, filters, problem=_("This face was withdrawn meanwhile."))
    if not form.is_valid():
        return _show(request, filters, face=face, problem=_("That was no decision."))
    event = decisions.decide(face, **form.cleaned_data, by=request.user)
    if event.act == Review.Act.SCREEN:
        face.refresh_from_db()
        return _show(request, filters, face=face)
    return _show(request, filters, done=event)


@require_POST
@reviewers_only
@never_cache
def skip(request: UserRequest, pk: UUID) -> HttpResponse:
    """Pass over a face for this session; somebody else may have it."""
    skipped = [*request.session.get("skipped", []), str(pk)]
    request.session["skipped"] = skipped[-MOST_SKIPPED:]
    review_queue.release(by=request.user)
    return _show(request, _filters(request))


@require_POST
@reviewers_only
@never_cache
def again(request: UserRequest) -> HttpResponse:
    """The faces that were skipped, once more."""
    request.session.pop("skipped", None)
    return _show(request, _filters(request))


@require_POST
@reviewers_only
@never_cache
@on_problem(_with_problem)
def undo(request: UserRequest) -> HttpResponse:
    """Take back one's own last decision, and look at that face again."""
    event = decisions.undo(by=request.user)
    return _show(request, _filters(request), face=event.contribution, undone=True)


def _show(
    request: UserRequest,
    filters: FilterForm,
    *,
    face: Contribution | None = None,
    **said: Any,
) -> HttpResponse:
    faces = filters.faces()
    if face is None:
        skipping = [UUID(text) for text in request.session.get("skipped", [])]
        taken = review_queue.take(by=request.user, of=faces, skipping=skipping)
        face = taken[0] if taken else None
    context = {
        "sheet": review_item.review_item(face) if face else None,
        "filters": filters,
        "query": filters.query,
        "waiting": faces.order_by()[:COUNTED_UP_TO].count(),
        "suspects": Suspect.objects.filter(cleared_at=None).count(),
        "counted_up_to": COUNTED_UP_TO,
        "emotions": list(Emotion),
        "reasons": list(Review.Reason),
        "skipped": len(request.session.get("skipped", [])),
        **said,
    }
    template = "review/desk.html" if request.htmx else "review/review.html"
    return render(request, template, context)


def _filters(request: UserRequest) -> FilterForm:
    """A POST carries the filters in its address, so that the queue keeps them."""
    return FilterForm(QueryDict(request.META.get("QUERY_STRING", "")))


@require_GET
@reviewers_only
@never_cache
def grid(request: UserRequest) -> HttpResponse:
    filters = FilterForm(request.GET)
    taken = review_queue.take(by=request.user, n=GRID, of=filters.faces())
    context = {
        "tiles": review_item.thumbnails(taken),
        "filters": filters,
        "query": filters.query,
        "reasons": list(Review.Reason),
        "bulk": request.session.get(last_bulk.KEY),
        "suspects": Suspect.objects.filter(cleared_at=None).count(),
        "whole": filters.faces().order_by()[:MOST_AT_ONCE].count()
        if filters.is_whole
        else 0,
    }
    return render(request, "review/grid.html", context)


@require_POST
@reviewers_only
def bulk(request: UserRequest) -> HttpResponse:
    """The same decision about several faces; each is an event of its own."""
    form, filters = BulkForm(request.POST), _filters(request)
    back = f"{reverse('review-grid')}?{filters.query}"
    picked = ids.uuids(request.POST.getlist("face")[:GRID])
    if "whole" in request.POST and filters.is_whole:
        picked = list(filters.faces().values_list("pk", flat=True)[:MOST_AT_ONCE])
    if not form.is_valid() or not picked:
        messages.info(request, _("Nothing is selected."))
        return redirect(back)
    act, said = form.cleaned_data["act"], form.cleaned_data
    result = bulk_decisions.decide(
        picked, act, by=request.user, reason=said["reason"], note=said["note"]
    )
    last_bulk.remember(request, result, act=act, back=back)
    return redirect(back)


@require_POST
@reviewers_only
def undo_bulk(request: UserRequest) -> HttpResponse:
    """Take back one's own last bulk, where nobody has changed it since."""
    return redirect(last_bulk.undo(request, by=request.user) or "review-grid")


@require_GET
@reviewers_only
@never_cache
def history(request: UserRequest, pk: UUID) -> HttpResponse:
    """Everything that ever happened to one face."""
    rows = Contribution.objects.undoubted().select_related("giver", "model_version")
    face = get_object_or_404(rows, pk=pk)
    context = {
        "sheet": review_item.review_item(face),
        "events": face.reviews.select_related("by", "undoes"),
        "summary": contribution.summarise([face])[0],
    }
    return render(request, "review/history.html", context)


@require_GET
@reviewers_only
@never_cache
def evidence(request: UserRequest, pk: UUID) -> HttpResponse:
    """Where the model looks: asked for only by who wants to see it."""
    face = get_object_or_404(Contribution.objects.undoubted(), pk=pk)
    png = review_item.evidence(bytes(get_object_or_404(Crop, pk=face.pk).jpeg))
    if png is None:
        raise Http404
    return picture(png, "image/png")


@require_POST
@reviewers_only
@on_problem(message_and_back("review-history", "pk"))
def undo_one(request: UserRequest, pk: UUID) -> HttpResponse:
    """Take back the standing decision about this face, whoever made it."""
    face = get_object_or_404(Contribution.objects.undoubted(), pk=pk)
    decisions.undo(face, by=request.user)
    messages.success(request, _("Undone. The face is waiting again."))
    return redirect("review-history", pk)


@require_GET
@reviewers_only
@never_cache
def show_rings(request: UserRequest) -> HttpResponse:
    found = {"rings": review_item.ring_sheets(), "others": review_item.other_faces()}
    return render(request, "review/rings.html", found)


@require_POST
@reviewers_only
@on_problem(message_and_back("review-rings"))
def confirm(request: UserRequest, pk: UUID) -> HttpResponse:
    """A second reviewer agrees with the first."""
    face = get_object_or_404(Contribution.objects.undoubted(), pk=pk)
    rings.confirm(face, by=request.user)
    messages.success(request, _("Confirmed: the face counts again."))
    return redirect("review-rings")


@require_POST
@reviewers_only
@on_problem(message_and_back("review-rings"))
def clear(request: UserRequest, pk: int) -> HttpResponse:
    """Somebody is in no ring, whatever the votes look like."""
    rings.clear(get_object_or_404(Suspect, pk=pk), by=request.user)
    messages.success(request, _("Cleared: votes and faces count again."))
    return redirect("review-rings")


urlpatterns = [
    path("", review, name="review"),
    path("grid/", grid, name="review-grid"),
    path("bulk/", bulk, name="review-bulk"),
    path("bulk/undo/", undo_bulk, name="review-bulk-undo"),
    path("again/", again, name="review-again"),
    path("undo/", undo, name="review-undo"),
    path("rings/", show_rings, name="review-rings"),
    path("rings/<uuid:pk>/confirm/", confirm, name="ring-confirm"),
    path("rings/<int:pk>/clear/", clear, name="ring-clear"),
    path("<uuid:pk>/", history, name="review-history"),
    path("<uuid:pk>/evidence.png", evidence, name="review-evidence"),
    path("<uuid:pk>/decide/", decide, name="review-decide"),
    path("<uuid:pk>/skip/", skip, name="review-skip"),
    path("<uuid:pk>/undo/", undo_one, name="review-undo-one"),
]
