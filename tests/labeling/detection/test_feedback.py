from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from labeling.detection import feedback
from labeling.detection.photos import FaceClaim
from labeling.errors import Refused
from labeling.models import PredictionFeedback
from labeling.stats import feedback_rates
from tests.support.concurrency import together
from tests.support.factories import make_version

pytestmark = pytest.mark.django_db


def make_claim(nonce: bytes = b"n" * 16) -> FaceClaim:
    return FaceClaim(
        nonce=nonce,
        box=(0, 0, 1, 1),
        version_id=make_version().pk,
        emotion="sad",
        probabilities={},
        expires=timezone.now() + timedelta(hours=1),
        shown="fear",
    )


def test_it_keeps_version_guess_and_answer():
    claim = make_claim()
    feedback.record(claim, "sad")
    answer = PredictionFeedback.objects.get()
    assert (answer.model_version_id, answer.guess) == (claim.version_id, "fear")
    assert (answer.is_right, answer.emotion) == (False, "sad")


def test_who_names_the_guess_says_that_it_is_right():
    assert feedback.record(make_claim(), "fear").is_right is True


@pytest.mark.parametrize("word", ["", "bored"])
def test_an_answer_names_one_of_the_seven(word: str):
    with pytest.raises(Refused, match="say what the face shows"):
        feedback.record(make_claim(), word)
    assert not PredictionFeedback.objects.exists()


def test_postgres_holds_that_only_the_guess_is_right():
    answer = feedback.record(make_claim(), "sad")
    answer.is_right = True
    with pytest.raises(IntegrityError, match="answer_right_if"), transaction.atomic():
        answer.save()


@pytest.mark.django_db(transaction=True)
def test_a_face_is_answered_once():
    claim = make_claim()
    outcomes = together(4, lambda i: feedback.record(claim, ("fear", "sad")[i % 2]))
    assert sum(isinstance(o, PredictionFeedback) for o in outcomes) == 1
    assert {o.code for o in outcomes if isinstance(o, Refused)} == {"already_answered"}
    feedback.record(make_claim(b"m" * 16), "fear")
    assert PredictionFeedback.objects.count() == 2


def test_an_answer_from_a_device_is_counted_apart():
    """Nothing proves it, so no rate and no proposal rests on it."""
    version = make_version()
    feedback.record_from_device(version, "fear", "sad")
    feedback.record_from_device(version, "sad", "sad")
    assert feedback_rates.feedback_rates([version.pk]) == {}
    assert feedback_rates.answers_from_devices(version.pk) == (1, 2)
    claim = make_claim()
    feedback.record(claim, "sad")
    assert feedback_rates.feedback_rates([claim.version_id])[claim.version_id].n == 1


@pytest.mark.parametrize("word", ["", "bored"])
def test_a_device_too_names_one_of_the_seven(word: str):
    with pytest.raises(Refused, match="say what the face shows"):
        feedback.record_from_device(make_version(), "fear", word)
