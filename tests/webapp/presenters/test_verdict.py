from typing import Any

import pytest

from labeling.models import Exam, ModelVersion
from tests.support.exam_reports import make_examined, make_side
from tests.support.factories import make_version
from webapp.presenters import verdict
from webapp.presenters.verdict import Verdict

pytestmark = pytest.mark.django_db


def judged(outcome: str, old: float, new: float, **report: Any) -> Verdict:
    sides = {"champion": make_side("old", old), "challenger": make_side("new", new)}
    return verdict.read(make_examined(outcome, **(sides | report)).exam)


@pytest.mark.parametrize(
    ("outcome", "old", "new", "code", "sentence"),
    [
        (
            *("kept", 0.69, 0.45, "worse"),
            "Not better: right on 45 of 100, the present model on 69. It stays.",
        ),
        (
            *("promoted", 0.69, 0.72, "better"),
            "Better: right on 72 of 100, the model before it on 69. It was put in use.",
        ),
        (
            *("kept", 0.7, 0.7, "equal"),
            "Not better: both are right on 70 of 100. The present model stays.",
        ),
        (
            *("kept", 0.69, 0.7, "not_significant"),
            "Perhaps better, but it may be chance: right on 70 of 100, the present"
            " model on 69. That one stays.",
        ),
        (
            *("rejected", 0.69, 0.72, "guard"),
            "Right more often, but worse at something that must not suffer: right on"
            " 72 of 100, the present model on 69. That one stays.",
        ),
        (
            *("kept", 0.0, 0.0, "no_exam"),
            "No verdict: there were no faces to compare the two on.",
        ),
    ],
)
def test_a_verdict_is_one_sentence(
    outcome: str, old: float, new: float, code: str, sentence: str
) -> None:
    assert judged(outcome, old, new, reasons=[{"code": code}]).sentence == sentence


def test_two_that_differ_by_less_than_one_in_a_hundred_are_told_by_all_faces() -> None:
    assert judged("promoted", 0.69, 0.692).sentence == (
        "Better: right on 484 of 700, the model before it on 483. It was put in use."
    )


def test_a_better_one_that_saw_a_withdrawn_face_is_told_so() -> None:
    reasons = [{"code": "better"}, {"code": "withdrawn"}]
    assert (
        "was taken back meanwhile" in judged("kept", 0.6, 0.7, reasons=reasons).sentence
    )


def test_both_bars_are_on_one_scale_and_say_their_figure() -> None:
    new, old = judged("kept", 0.69, 0.45).bars
    assert (new.who, new.share, new.text) == ("New model", 0.45, "right on 45 of 100")
    assert (old.who, old.share) == ("Model in use then", 0.69)
    assert old.text == "right on 69 of 100"


def test_the_other_bar_is_the_present_models_while_it_is_in_use() -> None:
    exam = make_examined("kept").exam
    ModelVersion.objects.filter(pk=exam.champion_id).update(is_champion=True)
    exam.refresh_from_db()
    assert [bar.who for bar in verdict.read(exam).bars] == [
        "New model",
        "Present model",
    ]


def test_every_broken_check_is_named() -> None:
    guards = [
        {"name": "recall:angry", "n": 90, "loss": 0.25, "p": 0.001, "broken": True},
        {"name": "recall:happy", "n": 90, "loss": 0.0, "p": 0.5, "broken": False},
        {"name": "slice:community", "n": 9, "loss": 0.3, "p": 0.001, "broken": True},
        {"name": "ferplus", "n": 90, "loss": 0.1, "p": 0.001, "broken": True},
        {"name": "bytes", "n": 10**8, "broken": True},
    ]
    read = judged("rejected", 0.69, 0.45, guards=guards)
    assert read.guards_sentence == "It failed 4 of 5 checks:"
    assert read.broken == [
        "angry faces: right on 25 fewer of 100",
        "faces from community: right on 30 fewer of 100",
        "agrees with ten raters (FER+) on 10 fewer of 100",
        "its file is too large",
    ]
    assert not judged("kept", 0.69, 0.45).guards_sentence


def test_the_first_model_and_an_old_short_report_have_a_verdict_too() -> None:
    exam = make_examined(champion=None, reasons=[{"code": "first"}]).exam
    first = verdict.read(exam)
    assert first.sentence.startswith("The first model")
    assert first.bars == []
    Exam.objects.update(champion=make_version(), report={}, outcome="rejected")
    exam.refresh_from_db()
    read = verdict.read(exam)
    assert read.sentence == "It failed a check. The present model stays."
    assert read.bars == []
