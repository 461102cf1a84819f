import pytest

from labeling.emotions import Emotion
from tests.support.api_clients import Program
from tests.support.factories import make_contribution

pytestmark = pytest.mark.django_db


def test_the_figures_are_those_of_the_page() -> None:
    make_contribution()
    said = Program().get("figures").json()
    assert (said["given"], said["waiting"]) == (1, 1)
    assert Program().get("/data/numbers.json").json() == said


def test_what_is_needed_comes_with_a_sentence() -> None:
    needed = Program().get("needs").json()["results"]
    assert {one["emotion"] for one in needed} == set(Emotion.values)
    assert all(one["reason"] for one in needed)
    urgencies = [one["urgency"] for one in needed]
    assert urgencies == sorted(urgencies, reverse=True)
