"""Reviewing by the API: the waiting faces, a decision about one, or about many."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.shortcuts import get_object_or_404
from pydantic import Field

from labeling.emotions import Emotion
from labeling.models import Contribution, Review
from labeling.models.contribution import ContributionQuerySet
from labeling.models.user import Scope
from labeling.review import bulk_decisions, decisions, review_queue
from labeling.review.bulk_decisions import Bulk, Skipped
from webapp.api import pages, shapes
from webapp.api.access import Need, UserRequest
from webapp.api.operations import operation
from webapp.api.resources.contributions import Status, emotion_or_none
from webapp.api.shapes import WHOLE, Answer, Body, Probabilities, Query, Share
from webapp.forms.review import FilterForm

TAG = "review"
MOST_AT_ONCE = 2000
MOST_TAKEN = 60
Act = Review.Act
Reason = Review.Reason
Source = Contribution.Source
DecidedAct = Literal[Act.ACCEPT, Act.RELABEL, Act.REJECT, Act.SCREEN]
Number = Annotated[int, Field(ge=1, le=2**63 - 1), WHOLE]
BulkAct = Literal[Act.ACCEPT, Act.REJECT, Act.SCREEN]


class Filter(Query):
    emotion: Emotion | None = Field(None, description="Given as.")
    source: Source | None = None
    show: Literal["disputed", "unscreened"] | None = Field(
        None, description="Where model or voters disagree; not yet shown to voters."
    )
    giver: Annotated[int, Field(ge=1, le=2**31 - 1), WHOLE] | None = None
    cluster: UUID | None = Field(None, description="Of near-duplicates.")

    def faces(self) -> ContributionQuerySet:
        names = ("emotion", "source", "show", "giver", "cluster")
        return FilterForm({name: getattr(self, name) for name in names}).faces()


class FilteredList(Filter, pages.Listing):
    pass


class FaceUnderReview(Answer):
    id: UUID
    given_at: datetime
    status: Status
    emotion: Emotion = Field(description="What its giver says it shows.")
    decided_emotion: Emotion | None
    decided_at: datetime | None
    source: Source
    giver: int | None = Field(description="The account's number; others have none.")
    cluster: UUID | None = Field(description="Shared by near-duplicates.")
    may_be_seen: bool
    is_screened: bool = Field(description="Voters may see it.")
    model_emotion: Emotion | None
    model_probabilities: Probabilities | None
    vote_count: int
    agreement: Share | None
    priority: float = Field(description="How much a decision is worth.")


class FacesUnderReview(pages.Page[FaceUnderReview]):
    """The waiting faces, those first about which a decision is worth most."""


class Taken(Answer):
    results: list[FaceUnderReview]


class Taking(Filter, Body):
    count: Annotated[int, Field(ge=1, le=MOST_TAKEN), WHOLE] = 1


class ReviewEvent(Answer):
    id: int
    face: UUID
    act: Act
    at: datetime
    from_status: Status
    to_status: Status
    to_emotion: Emotion | None
    reason: Reason | None
    note: str


class History(Answer):
    face: FaceUnderReview
    events: list[ReviewEvent] = Field(description="The oldest first.")


class Decision(Body):
    act: DecidedAct
    emotion: Emotion | None = Field(None, description="With relabel: what it shows.")
    reason: Reason | None = Field(None, description="With reject: why.")
    note: str = Field("", max_length=500)


class BulkDecision(Body):
    act: BulkAct
    faces: list[UUID] = Field(min_length=1, max_length=MOST_AT_ONCE)
    reason: Reason | None = Field(None, description="With reject: why.")
    note: str = Field("", max_length=500)


class Events(Body):
    events: list[Number] = Field(min_length=1, max_length=MOST_AT_ONCE)


class BulkOutcome(Answer):
    events: list[int] = Field(description="With them the bulk is undone.")
    faces: list[UUID]
    skipped: dict[Skipped, int] = Field(description="How many were left, by reason.")


@operation(
    "list_for_review",
    "The faces that wait for a review",
    tag=TAG,
    scope=Scope.REVIEW,
    needs=Need.REVIEWER,
    query=FilteredList,
    answers={200: FacesUnderReview},
    refusals=["not_found"],
)
def waiting(request: UserRequest, query: FilteredList) -> Answer:
    """To look only; who decides takes them first, so that nobody else does so too."""
    order = review_queue.ORDER
    return pages.page(
        request, query.faces(), FacesUnderReview, order=order, shape=_faces
    )


@operation(
    "take_for_review",
    "Take the faces that are most worth a decision",
    tag=TAG,
    scope=Scope.REVIEW,
    needs=Need.REVIEWER,
    body=Taking,
    answers={200: Taken},
)
def take(request: UserRequest, body: Taking) -> Answer:
    """They are held for five minutes: other reviewers get others meanwhile. What one
    holds already comes again first."""
    taken = review_queue.take(by=request.user, n=body.count, of=body.faces())
    return Taken(results=_faces(taken))


@operation(
    "review_history",
    "A face, and what was decided about it",
    tag=TAG,
    scope=Scope.REVIEW,
    needs=Need.REVIEWER,
    answers={200: History},
    refusals=["not_found"],
)
def history(request: UserRequest, pk: UUID) -> Answer:
    face = _undoubted(pk)
    return History(face=_face(face), events=[_event(e) for e in face.reviews.all()])


@operation(
    "decide",
    "Accept, relabel or reject a face, or show it to voters",
    tag=TAG,
    scope=Scope.REVIEW,
    needs=Need.REVIEWER,
    body=Decision,
    is_repeatable=True,
    answers={201: ReviewEvent},
    refusals=[
        *("not_found", "already_decided", "already_screened", "not_to_be_shown"),
        *("own_gift", "reason_missing", "emotion_missing", "gone"),
    ],
)
def decide(request: UserRequest, pk: UUID, body: Decision) -> Answer:
    """The first decision stands; a later one is refused."""
    said = {name: value for name, value in body if value is not None}
    return _event(decisions.decide(_undoubted(pk), **said, by=request.user))


@operation(
    "undo_decision",
    "Take the standing decision about a face back",
    tag=TAG,
    scope=Scope.REVIEW,
    needs=Need.REVIEWER,
    answers={200: ReviewEvent},
    refusals=["not_found", "nothing_to_undo", "changed_since", "own_gift"],
)
def undo(request: UserRequest, pk: UUID) -> Answer:
    """Whoever made it. The face waits again."""
    return _event(decisions.undo(_undoubted(pk), by=request.user))


@operation(
    "decide_bulk",
    "The same decision about many faces",
    tag=TAG,
    scope=Scope.REVIEW,
    needs=Need.REVIEWER,
    body=BulkDecision,
    is_repeatable=True,
    answers={201: BulkOutcome},
    refusals=["reason_missing"],
)
def decide_bulk(request: UserRequest, body: BulkDecision) -> Answer:
    """Each is an event of its own; what cannot be decided is left, and counted."""
    result = bulk_decisions.decide(
        body.faces,
        body.act,
        by=request.user,
        reason=body.reason or "",
        note=body.note,
    )
    return _outcome(result)


@operation(
    "undo_bulk",
    "Take decisions of one's own back",
    tag=TAG,
    scope=Scope.REVIEW,
    needs=Need.REVIEWER,
    body=Events,
    answers={200: BulkOutcome},
)
def undo_bulk(request: UserRequest, body: Events) -> Answer:
    """Where they still stand; the others are counted."""
    return _outcome(bulk_decisions.undo(body.events, by=request.user))


def _undoubted(pk: UUID) -> Contribution:
    return get_object_or_404(Contribution.objects.undoubted(), pk=pk)


def _faces(rows: Sequence[Contribution]) -> list[FaceUnderReview]:
    return [_face(row) for row in rows]


def _face(face: Contribution) -> FaceUnderReview:
    return FaceUnderReview(
        id=face.pk,
        given_at=face.created_at,
        status=Status(face.status),
        emotion=Emotion(face.emotion),
        decided_emotion=emotion_or_none(face.decided_emotion),
        decided_at=face.decided_at,
        source=Source(face.source),
        giver=face.giver_id,
        cluster=face.cluster,
        may_be_seen=face.may_be_seen,
        is_screened=face.screened_at is not None,
        model_emotion=emotion_or_none(face.model_emotion),
        model_probabilities=shapes.probabilities(face.model_probabilities),
        vote_count=face.vote_count,
        agreement=face.agreement,
        priority=face.priority,
    )


def _event(event: Review) -> ReviewEvent:
    return ReviewEvent(
        id=event.pk,
        face=event.contribution_id,
        act=Act(event.act),
        at=event.created_at,
        from_status=Status(event.from_status),
        to_status=Status(event.to_status),
        to_emotion=emotion_or_none(event.to_emotion),
        reason=Reason(event.reason) if event.reason else None,
        note=event.note,
    )


def _outcome(result: Bulk) -> BulkOutcome:
    return BulkOutcome(
        events=[event.pk for event in result.events],
        faces=result.done,
        skipped=dict(result.skipped),
    )
