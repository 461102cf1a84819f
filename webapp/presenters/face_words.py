"""What is said about a face. Never a diagnosis: the model sees an expression, not a
feeling. Where the expression looks hard the word is a question, where it looks happy a
congratulation."""

from collections import Counter
from collections.abc import Iterable, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import (
    gettext_lazy,
    ngettext,
    npgettext,
    pgettext,
    pgettext_lazy,
)

from labeling.detection.photos import DetectedFace
from labeling.emotions import Emotion
from ml.vision.face_crop import Doubt
from webapp.presenters.formats import by_count, colon

# As said of a face: "looks surprised".
LOOKS: dict[str, Promise] = {
    Emotion.ANGRY: pgettext_lazy("looks", "angry"),
    Emotion.DISGUST: pgettext_lazy("looks", "disgusted"),
    Emotion.FEAR: pgettext_lazy("looks", "afraid"),
    Emotion.HAPPY: pgettext_lazy("looks", "happy"),
    Emotion.SAD: pgettext_lazy("looks", "sad"),
    Emotion.SURPRISE: pgettext_lazy("looks", "surprised"),
    Emotion.NEUTRAL: pgettext_lazy("looks", "neutral"),
}

KIND_WORDS: dict[str, tuple[Promise, ...]] = {
    Emotion.ANGRY: (
        gettext_lazy("Did something cross you? Or is it just the sun in your eyes?"),
        gettext_lazy("Is something bothering you? A slow breath sometimes helps."),
        gettext_lazy("A stern look. Is there a story behind it?"),
    ),
    Emotion.DISGUST: (
        gettext_lazy("Was it the smell, the taste, or the idea?"),
        gettext_lazy("Something not to your liking?"),
        gettext_lazy("A lemon, perhaps?"),
    ),
    Emotion.FEAR: (
        gettext_lazy("Did something startle you? We hope that it has passed."),
        gettext_lazy("Is something worrying you? It can help to tell someone."),
        gettext_lazy("Wide eyes. What did they see?"),
    ),
    Emotion.HAPPY: (
        gettext_lazy("Lovely. Whatever it was, may there be more of it."),
        gettext_lazy("Congratulations on a good moment."),
        gettext_lazy("That smile is worth keeping."),
    ),
    Emotion.SAD: (
        gettext_lazy("Is something on your mind? Is there someone to share it with?"),
        gettext_lazy("A heavy moment, or only a quiet one?"),
        gettext_lazy("Would a walk, or a friend, do you good?"),
    ),
    Emotion.SURPRISE: (
        gettext_lazy("What happened? We are curious."),
        gettext_lazy("Good news, we hope?"),
        gettext_lazy("Who came through the door?"),
    ),
    Emotion.NEUTRAL: (
        gettext_lazy("Calm as a lake in the morning."),
        gettext_lazy("A face that gives nothing away. Good for cards."),
        gettext_lazy("At ease, by the look of it."),
    ),
}

NOT_SURE = gettext_lazy("The model can't tell. You can surely do better.")

WHY_NOT_SURE: dict[Doubt, Promise] = {
    "looks_away": gettext_lazy(
        "This face is turned far to the side, so the model can't tell."
    ),
    "too_small": gettext_lazy("This face is too small for the model to read."),
    "too_dark": gettext_lazy("This face is too dark for the model to read."),
    "blurred": gettext_lazy("This face is too blurred for the model to read."),
}


HEADLINES: dict[tuple[bool, bool], Promise] = {  # by: is sure, has a runner-up
    (False, True): gettext_lazy("Hard to say: %(first)s, or %(second)s?"),
    (False, False): gettext_lazy("Hard to say: %(first)s?"),
    (True, True): gettext_lazy("Looks %(first)s, or perhaps %(second)s."),
    (True, False): gettext_lazy("Looks %(first)s."),
}


def headline(emotion: str, *, is_sure: bool, runner_up: str | None) -> str:
    words = {"first": LOOKS[emotion], "second": LOOKS[runner_up] if runner_up else ""}
    return str(HEADLINES[is_sure, bool(runner_up)]) % words


def kind_words(faces: Sequence[DetectedFace]) -> list[str]:
    """For each face one of a few sentences, or none: no joke is told twice. Why a face
    could not be read is no joke."""
    told: Counter[str] = Counter()
    said = []
    for face in faces:
        if face.doubt:
            said.append(str(WHY_NOT_SURE[face.doubt]))
            continue
        kind = face.emotion if face.is_sure else ""
        words = KIND_WORDS[kind] if kind else (NOT_SURE,)
        said.append(str(words[told[kind]]) if told[kind] < len(words) else "")
        told[kind] += 1
    return said


def tally(faces: Iterable[DetectedFace]) -> str:
    """How many show what, the most first: "11 happy, 3 neutral, 1 hard to say"."""
    shown = Counter(face.emotion if face.is_sure else "" for face in faces)
    unsure = shown.pop("", 0)
    parts = [
        _how_many() % {"n": n, "word": Emotion(name).label}
        for name, n in shown.most_common()
    ]
    if unsure:
        parts.append(_hard_to_say(unsure) % {"n": unsure})
    return ", ".join(parts)


def _how_many() -> str:
    return pgettext("how many faces show it", "%(n)s %(word)s")


def _hard_to_say(count: int) -> str:
    return ngettext("%(n)d hard to say", "%(n)d hard to say", count)


def for_scripts() -> dict[str, object]:
    """The same sentences, for a browser that looks by itself
    (static/js/on_device/words.js)."""
    return {
        "looks": {name: str(word) for name, word in LOOKS.items()},
        "kind_words": {name: list(map(str, all_)) for name, all_ in KIND_WORDS.items()},
        "not_sure": str(NOT_SURE),
        "why_not_sure": {why: str(word) for why, word in WHY_NOT_SURE.items()},
        "headlines": {
            "unsure_two": str(HEADLINES[False, True]),
            "unsure": str(HEADLINES[False, False]),
            "two": str(HEADLINES[True, True]),
            "one": str(HEADLINES[True, False]),
        },
        "how_many": _how_many(),
        "hard_to_say": by_count(_hard_to_say),
        "colon": colon(),
        "face": _("Face {number}"),
        "face_and_headline": _("Face {number}: {headline}"),
        "nobody": _("No face found"),
        "faces": by_count(
            lambda n: npgettext("in view", "One face", "{count} faces", n)
        ),
    }
