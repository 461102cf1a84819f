from typing import Any

import pytest
from django.utils import timezone

from labeling.models import Contribution
from labeling.voting import outcomes, votes
from tests.support.factories import make_contribution, make_user

pytestmark = pytest.mark.django_db


def make_open(**fields: Any) -> Contribution:
    return make_contribution(may_be_seen=True, screened_at=timezone.now(), **fields)


def test_it_says_what_giver_crowd_and_model_said_without_ones_own_vote():
    face = make_open(emotion="sad", model_probabilities={"fear": 0.7, "sad": 0.3})
    votes.cast(face, "fear", device="a")
    votes.cast(face, "not_clear", device="b")
    outcome = outcomes.outcome_of(votes.cast(face, "sad", device="c"))
    assert (outcome.choice, outcome.giver) == ("sad", "sad")
    assert outcome.crowd == {"fear": 1, "not_clear": 1}
    assert outcome.shares == {"fear": 0.5, "not_clear": 0.5}
    assert outcome.model["fear"] == 0.7


def test_the_first_voter_has_no_crowd():
    outcome = outcomes.outcome_of(votes.cast(make_open(), "sad", device="a"))
    assert (outcome.others, outcome.shares) == (0, {})


def test_votes_that_agree_with_the_decision_are_counted():
    bob = make_user("bob")
    said = [("sad", "accepted", "sad"), ("sad", "accepted", "fear")]
    said += [
        ("not_clear", "rejected", ""),
        ("sad", "rejected", ""),
        ("sad", "waiting", ""),
    ]
    for choice, status, decided in said:
        face = make_open()
        votes.cast(face, choice, by=bob)
        Contribution.objects.filter(pk=face.pk).update(
            status=status,
            decided_emotion=decided,
            decided_at=timezone.now() if status != "waiting" else None,
        )
    assert outcomes.decided_with(by=bob) == 2
    assert outcomes.decided_with(device="nobody") == outcomes.decided_with() == 0
