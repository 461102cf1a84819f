"""The seven expressions: their order, words, emoji and colours, for every room."""

from typing import NamedTuple


class Emotion(NamedTuple):
    """`colour` is a fill that colour-blind people can hold apart (after Okabe and Ito);
    the inks are for text on light and on dark pages. The stylesheet's tokens repeat
    all three, and a test holds them to what stands here."""

    name: str
    emoji: str
    colour: str
    ink_on_light: str
    ink_on_dark: str


# In the order of the network's outputs (FER-2013's 0–6).
BY_NAME = {
    emotion.name: emotion
    for emotion in (
        Emotion("angry", "😠", "#d55e00", "#994706", "#e08842"),
        Emotion("disgust", "🤢", "#009e73", "#096d51", "#33b18f"),
        Emotion("fear", "😨", "#7b5ea7", "#6b528f", "#a592c3"),
        Emotion("happy", "😊", "#e69f00", "#805a0a", "#e69f00"),
        Emotion("sad", "😢", "#0072b2", "#056196", "#57a2cc"),
        Emotion("surprise", "😲", "#cc79a7", "#85516c", "#d38cb3"),
        Emotion("neutral", "😐", "#6b7280", "#595e68", "#979ca6"),
    )
}
EMOTIONS = tuple(BY_NAME)
