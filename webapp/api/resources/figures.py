"""What everybody may know by the API: the figures, what is needed, what was withdrawn
from public data sets."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import Field
from rest_framework.request import Request

from labeling.emotions import Emotion
from labeling.models import Withdrawal
from labeling.models.user import Scope
from labeling.review import demand
from labeling.stats import site_stats
from labeling.stats.figures import DatedFigures
from webapp.api import pages
from webapp.api.operations import operation
from webapp.api.shapes import Answer, Share

TAG = "figures"


class EmotionNeeded(Answer):
    emotion: Emotion
    have: int = Field(description="Faces that were given and not rejected.")
    goal: int
    recall: Share | None = Field(
        description="How often the current model is right about it, if measured."
    )
    urgency: Share = Field(description="How much it is needed.")
    reason: str = Field(description="A sentence that asks for it.")


class Needs(Answer):
    results: list[EmotionNeeded] = Field(description="The most needed first.")


class WithdrawnFace(Answer):
    id: UUID
    withdrawn_at: datetime


class WithdrawnFaces(pages.Page[WithdrawnFace]):
    """The latest first: whoever took a release deletes these from it."""


@operation(
    "figures",
    "What was given, and what became of it",
    tag=TAG,
    scope=Scope.READ,
    answers={200: DatedFigures},
)
def figures(request: Request) -> DatedFigures:
    """Counted anew every few minutes."""
    return site_stats.current()


@operation(
    "needs",
    "Which expressions are needed most",
    tag=TAG,
    scope=Scope.READ,
    answers={200: Needs},
)
def needs(request: Request) -> Answer:
    return Needs(
        results=[
            EmotionNeeded(
                emotion=one.emotion,
                have=one.have,
                goal=one.goal,
                recall=one.recall,
                urgency=one.urgency,
                reason=str(one.reason),
            )
            for one in demand.by_emotion()
        ]
    )


@operation(
    "list_withdrawn",
    "The faces of public data sets that were taken back since",
    tag="releases",
    scope=Scope.READ,
    query=pages.Listing,
    answers={200: WithdrawnFaces},
    refusals=["not_found"],
)
def withdrawn(request: Request, query: pages.Listing) -> Answer:
    rows = Withdrawal.objects.filter(was_released=True)
    order = ("-withdrawn_at", "pk")
    return pages.page(request, rows, WithdrawnFaces, order=order, shape=_withdrawn)


def _withdrawn(rows: Sequence[Withdrawal]) -> list[WithdrawnFace]:
    return [WithdrawnFace(id=row.pk, withdrawn_at=row.withdrawn_at) for row in rows]
