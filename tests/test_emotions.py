"""The seven stand once, in ml/emotions.py: what must repeat them agrees."""

import re
from pathlib import Path

from labeling import emotions
from labeling.models import Vote
from ml.data import dataset_layouts, emotion_words, ferplus
from ml.emotions import BY_NAME, EMOTIONS
from webapp.api.shapes import Probabilities
from webapp.presenters.face_words import KIND_WORDS, LOOKS

TOKENS = Path(__file__).parents[1] / "webapp" / "static" / "css" / "tokens.css"


def test_the_order_is_that_of_fer2013() -> None:
    assert " ".join(EMOTIONS) == "angry disgust fear happy sad surprise neutral"


def test_the_translated_words_are_of_exactly_the_seven() -> None:
    assert tuple(emotions.Emotion.values) == EMOTIONS
    assert [str(e.label) for e in emotions.Emotion] == list(EMOTIONS)
    for emotion in emotions.Emotion:
        assert emotion.emoji == BY_NAME[emotion.value].emoji
        assert emotion.colour == BY_NAME[emotion.value].colour
    assert tuple(LOOKS) == tuple(KIND_WORDS) == EMOTIONS


def test_voters_choose_among_the_seven_and_two_more() -> None:
    assert tuple(dict(Vote.CHOICES)) == (*EMOTIONS, "not_clear", "not_a_face")
    assert Vote._meta.get_field("choice").choices == Vote.CHOICES


def test_the_api_gives_a_probability_for_each() -> None:
    assert tuple(Probabilities.model_fields) == EMOTIONS


def test_data_sets_know_each_by_its_number_word_and_votes() -> None:
    assert list(dataset_layouts.FER2013.values()) == list(EMOTIONS)
    assert set(emotion_words.WORDS) == {*EMOTIONS, emotion_words.OTHER}
    assert len(ferplus.COLUMNS) == len(EMOTIONS)


def test_the_stylesheet_has_the_same_colours() -> None:
    sheet = TOKENS.read_text()
    rules = dict(re.findall(r"^\.is-(\w+) \{ (--emotion: .*;) \}$", sheet, re.M))
    assert rules == {
        e.name: f"--emotion: {e.colour}; "
        f"--emotion-ink: light-dark({e.ink_on_light}, {e.ink_on_dark});"
        for e in BY_NAME.values()
    }
    tinted = re.search(r":is\((\.is-angry[^)]*)\)", sheet)
    assert tinted
    assert tinted[1].split(", ") == [f".is-{e}" for e in EMOTIONS]
