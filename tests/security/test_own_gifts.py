"""Nobody decides about what he gave himself, where somebody else can."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from labeling.errors import Refused
from labeling.models import Contribution, Review, User
from labeling.review import bulk_decisions, decisions, review_queue
from labeling.voting import votes
from tests.support.factories import make_contribution, make_user

pytestmark = pytest.mark.django_db

Act = Callable[..., Any]
ACTS: list[Act] = [
    decisions.accept,
    lambda face, by: decisions.relabel(face, "sad", by=by),
    lambda face, by: decisions.reject(face, by=by, reason="not_clear"),
    decisions.screen,
]
BULKS: list[Act] = [
    bulk_decisions.accept,
    lambda faces, by: bulk_decisions.reject(faces, by=by, reason="not_clear"),
    bulk_decisions.screen,
]


@pytest.fixture
def rita() -> User:
    return make_user("rita", "reviewer")


def give(giver: User) -> Contribution:
    return make_contribution(giver=giver, may_be_seen=True)


@pytest.mark.parametrize("act", ACTS)
def test_with_another_reviewer_ones_own_gift_is_left_alone(
    rita: User, act: Act
) -> None:
    make_user("ravi", "reviewer")
    face = give(rita)
    with pytest.raises(Refused) as refused:
        act(face, by=rita)
    assert refused.value.code == "own_gift"
    face.refresh_from_db()
    assert (face.status, face.screened_at) == ("waiting", None)
    assert not Review.objects.exists()


@pytest.mark.parametrize("other", [{"is_superuser": True}, {}])
def test_an_admin_is_another_reviewer_and_a_giver_is_none(
    rita: User, other: dict[str, bool]
) -> None:
    make_user("olga", **other)
    face = give(rita)
    if other:
        with pytest.raises(Refused):
            decisions.accept(face, by=rita)
    else:
        decisions.accept(face, by=rita)


def test_one_whose_account_is_closed_is_no_other_reviewer(rita: User) -> None:
    make_user("ravi", "reviewer", is_active=False)
    assert decisions.accept(give(rita), by=rita).is_own_gift


@pytest.mark.parametrize("act", ACTS)
def test_alone_a_reviewer_may_and_it_stands_on_record(
    client: Client, rita: User, act: Act
) -> None:
    face = give(rita)
    assert act(face, by=rita).is_own_gift
    client.force_login(rita)
    assert "an own gift" in client.get(f"/review/{face.pk}/").text
    event = Review.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.filter(pk=event.pk).update(is_own_gift=False)


def test_of_others_gifts_the_record_says_nothing(rita: User) -> None:
    ada = make_user("ada")
    assert not decisions.accept(give(ada), by=rita).is_own_gift
    assert not decisions.accept(give(ada), by=None).is_own_gift
    assert not decisions.accept(make_contribution(), by=rita).is_own_gift


@pytest.mark.parametrize("act", BULKS)
def test_in_a_bulk_ones_own_are_passed_over(rita: User, act: Act) -> None:
    mine, other = give(rita), give(make_user("ada"))
    make_user("ravi", "reviewer")
    result = act([mine.pk, other.pk], by=rita)
    assert (result.done, result.passed_over) == ([other.pk], 1)
    assert Review.objects.get().contribution_id == other.pk


@pytest.mark.parametrize("act", BULKS)
def test_in_a_bulk_alone_ones_own_are_marked(rita: User, act: Act) -> None:
    mine, other = give(rita), give(make_user("ada"))
    assert len(act([mine.pk, other.pk], by=rita).done) == 2
    marks = dict(Review.objects.values_list("contribution", "is_own_gift"))
    assert marks == {mine.pk: True, other.pk: False}


def test_what_another_decided_about_ones_gift_one_does_not_undo(rita: User) -> None:
    ravi, face = make_user("ravi", "reviewer"), give(rita)
    decisions.reject(face, by=ravi, reason="not_clear")
    with pytest.raises(Refused):
        decisions.undo(face, by=rita)
    face.refresh_from_db()
    assert face.status == "rejected"
    decisions.undo(face, by=ravi)
    face.refresh_from_db()
    assert face.status == "waiting"


def test_the_queue_shows_ones_own_only_where_nobody_else_is(rita: User) -> None:
    face = give(rita)
    assert review_queue.take(by=rita) == [face]
    ravi = make_user("ravi", "reviewer")
    assert review_queue.take(by=rita) == []
    review_queue.release(by=rita)
    assert review_queue.take(by=ravi) == [face]


def test_the_page_says_who_decides(client: Client, rita: User) -> None:
    make_user("ravi", "reviewer")
    face = give(rita)
    client.force_login(rita)
    page = client.post(f"/review/{face.pk}/decide/", {"act": "accept"})
    assert "another reviewer decides" in page.text
    face.refresh_from_db()
    assert face.status == "waiting"


def test_nobody_votes_on_what_he_decided_or_gold_would_praise_him(rita: User) -> None:
    face = make_contribution(
        may_be_seen=True, screened_at=timezone.now(), emotion="sad"
    )
    decisions.accept(face, by=rita)
    assert votes.next_face(by=rita) is None
    with pytest.raises(Refused) as refused:
        votes.cast(face, "sad", by=rita)
    assert refused.value.code == "own_decision"
    assert votes.next_face(by=make_user("ravi", "reviewer")) == face


def test_nobody_is_tested_on_an_own_face(rita: User) -> None:
    gold = {"status": "accepted", "emotion": "sad", "agreement": 1, "vote_count": 3}
    seen = {"may_be_seen": True, "screened_at": timezone.now()}
    face = make_contribution(giver=rita, **gold, **seen)
    lent = make_contribution(**gold, **seen)
    assert votes.next_face(by=rita, own=[lent.pk]) is None
    for own in (face, lent):
        with pytest.raises(Refused) as refused:
            votes.cast(own, "sad", by=rita, own=[lent.pk])
        assert refused.value.code == "own_face"
