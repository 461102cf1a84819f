from typing import Any

import pytest
from django.utils import timezone

from labeling.models import Contribution, Vote
from tests.support.api_clients import Program
from tests.support.factories import make_contribution, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def face() -> Contribution:
    giver = make_user("giver")
    probabilities = dict.fromkeys(
        ("angry", "disgust", "fear", "happy", "sad", "surprise"), 0.1
    )
    return make_contribution(
        giver=giver,
        may_be_seen=True,
        screened_at=timezone.now(),
        model_emotion="neutral",
        model_probabilities={**probabilities, "neutral": 0.4},
    )


def cast(program: Program, choice: str = "sad", **headers: str) -> Any:
    ticket = program.get("votes/next").json()["ticket"]
    return program.post("votes", {"ticket": ticket, "choice": choice}, **headers)


def test_who_votes_learns_what_the_others_said(face: Contribution) -> None:
    answer = cast(Program(make_user("ada")))
    assert answer.status_code == 201
    said = answer.json()
    assert (said["choice"], said["giver"], said["crowd"]) == ("sad", "happy", {})
    assert said["model"]["neutral"] == 0.4
    assert Vote.objects.get().choice == "sad"


def test_ones_own_face_is_not_shown(face: Contribution) -> None:
    assert face.giver
    answer = Program(face.giver).get("votes/next")
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_face_that_is_skipped_does_not_come_again(face: Contribution) -> None:
    program = Program(make_user("ada"))
    assert program.get(f"votes/next?skip={face.pk}").status_code == 204


def test_a_ticket_is_made_out_to_one_voter(face: Contribution) -> None:
    ticket = Program(make_user("ada")).get("votes/next").json()["ticket"]
    sent = {"ticket": ticket, "choice": "sad"}
    answer = Program(make_user("bob")).post("votes", sent)
    assert answer.json()["error"]["code"] == "ticket_invalid"
    assert not Vote.objects.exists()


def test_a_choice_that_is_none_is_refused(face: Contribution) -> None:
    assert cast(Program(make_user("ada")), "bored").status_code == 400


def test_a_vote_sent_twice_with_one_key_counts_once(face: Contribution) -> None:
    program = Program(make_user("ada"))
    ticket = program.get("votes/next").json()["ticket"]
    sent = {"ticket": ticket, "choice": "sad"}
    first, second = (program.post("votes", sent, Idempotency_Key="k") for _ in "12")
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert Vote.objects.count() == 1
    other = program.post("votes", {**sent, "choice": "fear"}, Idempotency_Key="k")
    assert (other.status_code, other.json()["error"]["code"]) == (422, "key_reused")
    assert program.post("votes", sent).json()["error"]["code"] == "already_voted"


def test_the_last_vote_is_taken_back(face: Contribution) -> None:
    program = Program(make_user("ada"))
    cast(program)
    assert program.ask("DELETE", "votes/last").status_code == 204
    assert not Vote.objects.exists()
    assert program.ask("DELETE", "votes/last").status_code == 409


def test_counted_requests_say_how_many_are_left(
    face: Contribution, settings: Any
) -> None:
    settings.VOTE_RATE = (2, 60)
    answer = cast(Program(make_user("ada")))
    assert answer["RateLimit-Limit"] == "2"
    assert answer["RateLimit-Remaining"] == "1"
    assert 0 < int(answer["RateLimit-Reset"]) <= 60
