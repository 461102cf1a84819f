from uuid import uuid4

import pytest

from labeling.emotions import Emotion
from labeling.models import Withdrawal
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


def test_who_took_a_release_learns_what_to_delete_from_it() -> None:
    released = Withdrawal.objects.create(contribution_id=uuid4(), was_released=True)
    Withdrawal.objects.create(contribution_id=uuid4())
    found = Program().get("releases/withdrawn").json()["results"]
    assert [one["id"] for one in found] == [str(released.pk)]
