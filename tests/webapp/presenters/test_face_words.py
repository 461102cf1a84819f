from dataclasses import replace

from labeling.detection.photos import DetectedFace
from webapp.presenters.face_words import WHY_NOT_SURE, kind_words, tally

HAPPY = DetectedFace((0, 0, 9, 9), 1.0, "happy", {"happy": 1.0}, True, None)
SAD = replace(HAPPY, emotion="sad")
UNSURE = replace(HAPPY, is_sure=False)


def test_no_joke_is_told_twice_in_a_group():
    said = [word for word in kind_words([HAPPY] * 8 + [SAD] * 2 + [UNSURE] * 3) if word]
    assert len(said) == len(set(said)) == 3 + 2 + 1


def test_why_a_face_could_not_be_read_is_said_of_each():
    small = replace(UNSURE, doubt="too_small")
    assert kind_words([small, small]) == [str(WHY_NOT_SURE["too_small"])] * 2


def test_a_group_is_counted():
    assert tally([SAD, HAPPY, UNSURE, HAPPY]) == "2 happy, 1 sad, 1 hard to say"
