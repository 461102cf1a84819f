"""What everybody may know by the API: the figures, and what is needed."""

from pydantic import Field
from rest_framework.request import Request

from labeling.emotions import Emotion
from labeling.models.user import Scope
from labeling.review import demand
from labeling.stats import site_stats
from labeling.stats.figures import DatedFigures
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


class PictureNeeded(Answer):
    kind: str = Field(
        description="What such pictures have in common: small, blurred, dark, bright, "
        "flat, tilted, turned or cut_off."
    )
    recall: Share = Field(description="How often the current model is right on them.")
    rest: Share = Field(description="How often it is right on all others.")
    reason: str = Field(description="A sentence that asks for it.")


class Needs(Answer):
    results: list[EmotionNeeded] = Field(description="The most needed first.")
    pictures: list[PictureNeeded] = Field(
        description="Pictures that the current model's exam has shown to be read worse "
        "than others, the worst first. Of the picture alone, never of the person."
    )


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
        ],
        pictures=[
            PictureNeeded(
                kind=one.kind,
                recall=one.recall,
                rest=one.rest,
                reason=str(one.reason),
            )
            for one in demand.of_pictures()
        ],
    )
