"""Which emotions are needed most, and why, in a sentence: from how many faces there
are, and from what the champion knows least."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from labeling.emotions import Emotion
from labeling.models import Contribution, SiteStats
from labeling.registry import class_recall, model_versions
from labeling.registry.class_recall import Score

FIRST_GOAL = 500  # faces an emotion; doubled once every emotion has reached it
LARGEST = 0.99  # of an urgency: below 1, the step of a disagreement in the queue


@dataclass(frozen=True)
class Demand:
    emotion: Emotion
    have: int  # given, and not rejected
    goal: int
    recall: float | None  # of the champion; None where nothing was measured
    urgency: float  # 0 to 0.99
    reason: "str | Promise"

    @property
    def share(self) -> float:
        return min(1.0, self.have / self.goal)


def by_emotion() -> list[Demand]:
    """All seven, the most needed first."""
    counts, score = _counts(), _score()
    goal = FIRST_GOAL
    while min(counts.values()) >= goal:
        goal *= 2
    found = [_demand(emotion, counts, goal, score) for emotion in Emotion]
    return sorted(found, key=lambda demand: -demand.urgency)


def request(found: Sequence[Demand]) -> "str | Promise":
    """The one sentence that asks for what is needed most."""
    return found[0].reason


def urgency() -> dict[str, float]:
    """How much each emotion is needed now, 0 to 0.99."""
    return {demand.emotion.value: demand.urgency for demand in by_emotion()}


@dataclass(frozen=True)
class PictureDemand:
    """A kind of picture that the champion reads worse than others."""

    kind: str  # a slice of ml/evaluation/image_slices.py
    recall: float  # shares of faces that it is right on: of these,
    rest: float  # and of all others
    reason: "str | Promise"


def of_pictures() -> list[PictureDemand]:
    """What pictures are needed, the most needed first: those that the champion's exam
    has shown to be read worse. No attribute of people is known, or asked for."""
    weak = class_recall.weak_images(model_versions.current())
    return [
        PictureDemand(kind, one.value or 0.0, one.rest.value or 0.0, ASKED[kind])
        for kind, one in weak.items()
        if kind in ASKED
    ]


ASKED = {
    "small": _("Faces far from the camera help: step back a little."),
    "blurred": _("Slightly blurred faces help: an older camera will do."),
    "dark": _("Faces in little light help: try it in the evening."),
    "bright": _("Faces in bright light help: try it by a window."),
    "flat": _("Faces in soft, even light help: try it on a grey day."),
    "tilted": _("Tilted heads help: lean yours to one side."),
    "turned": _("Faces that look aside help: turn yours a little."),
    "cut_off": _("Faces at the picture's edge help: sit off the middle."),
}


def _demand(
    emotion: Emotion, counts: dict[str, int], goal: int, score: Score
) -> Demand:
    have, recall = counts[emotion], score.recall.get(emotion)
    missing = 1 - min(1.0, have / goal)
    weakness = 1 - recall if recall is not None else missing
    return Demand(
        emotion=emotion,
        have=have,
        goal=goal,
        recall=recall,
        urgency=round(LARGEST * (missing + weakness) / 2, 2),
        reason=_reason(emotion, counts, score),
    )


def _reason(emotion: Emotion, counts: dict[str, int], score: Score) -> "str | Promise":
    words = {"emotion": emotion.label}
    if not counts[emotion]:
        sentence = _("Nobody has shown {emotion} yet: can you?")
    elif emotion in score.mixed_up:
        words["other"] = Emotion(score.mixed_up[emotion][0]).label
        sentence = _(
            "The model mixes up {emotion} and {other}: can you show {emotion}?"
        )
    elif counts[emotion] == min(counts.values()):
        sentence = _("Of {emotion} we have the fewest faces: can you show it?")
    else:
        sentence = _("More faces of {emotion} help the model: can you show it?")
    return format_lazy(sentence, **words)


def _counts() -> dict[str, int]:
    """Given and not rejected: as last counted, and what was given since."""
    figures = SiteStats.objects.first()
    if figures is None or "have" not in figures.data:
        return faces_by_emotion()
    counts: dict[str, int] = dict(figures.data["have"])
    since = Contribution.objects.filter(created_at__gt=figures.counted_at).order_by()
    for emotion, n in since.values_list("emotion").annotate(n=Count("*")):
        counts[emotion] += n
    return counts


def faces_by_emotion() -> dict[str, int]:
    """Faces given and not rejected, by what they are held to show."""
    counts = dict.fromkeys(Emotion.values, 0)
    rows = Contribution.objects.order_by()
    waiting = rows.waiting().values_list("emotion").annotate(n=Count("*"))
    accepted = rows.accepted().values_list("decided_emotion").annotate(n=Count("*"))
    for emotion, n in [*waiting, *accepted]:
        counts[emotion] += n
    return counts


def _score() -> Score:
    return class_recall.of(model_versions.current())
