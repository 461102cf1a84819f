"""The seven expressions, in the order of the network's outputs (FER-2013's 0–6)."""

from enum import StrEnum


class Emotion(StrEnum):
    ANGRY = "angry"
    DISGUST = "disgust"
    FEAR = "fear"
    HAPPY = "happy"
    SAD = "sad"
    SURPRISE = "surprise"
    NEUTRAL = "neutral"

    @property
    def emoji(self) -> str:
        return _EMOJI[self]

    @property
    def colour(self) -> str:
        """Hex colour that colour-blind people can hold apart (after Okabe and Ito)."""
        return _COLOUR[self]

    @property
    def index(self) -> int:  # type: ignore[override]
        return EMOTIONS.index(self)


EMOTIONS: tuple[Emotion, ...] = tuple(Emotion)

_EMOJI = dict(zip(EMOTIONS, "😠🤢😨😊😢😲😐", strict=True))
_COLOUR = dict(
    zip(
        EMOTIONS,
        ["#d55e00", "#009e73", "#7b5ea7", "#e69f00", "#0072b2", "#cc79a7", "#6b7280"],
        strict=True,
    )
)
