"""What Mien says about a face, all in one place: what it looks like, and a kind word.

Never a diagnosis: the model sees an expression, not a feeling. When the expression
looks hard the word is a question, when it looks happy a congratulation.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeling.emotions import Emotion

# As said of a face: "looks surprised".
LOOKS: dict[str, Promise] = {
    Emotion.ANGRY: gettext_lazy("angry"),
    Emotion.DISGUST: gettext_lazy("disgusted"),
    Emotion.FEAR: gettext_lazy("afraid"),
    Emotion.HAPPY: gettext_lazy("happy"),
    Emotion.SAD: gettext_lazy("sad"),
    Emotion.SURPRISE: gettext_lazy("surprised"),
    Emotion.NEUTRAL: gettext_lazy("neutral"),
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


def headline(emotion: str, *, is_sure: bool, runner_up: str | None) -> str:
    first = LOOKS[emotion]
    if not is_sure and runner_up:
        return _("Hard to say: %(first)s, or %(second)s?") % {
            "first": first,
            "second": LOOKS[runner_up],
        }
    if not is_sure:
        return _("Hard to say: %(first)s?") % {"first": first}
    if runner_up:
        return _("Looks %(first)s, or perhaps %(second)s.") % {
            "first": first,
            "second": LOOKS[runner_up],
        }
    return _("Looks %(first)s.") % {"first": first}


def kind_word(emotion: str, *, is_sure: bool, turn: int = 0) -> str:
    """One of a few sentences; `turn` so that a group does not hear the same one."""
    if not is_sure:
        return str(NOT_SURE)
    words = KIND_WORDS[emotion]
    return str(words[turn % len(words)])
