import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from labeling.models import Contribution
from labeling.review import decisions, demand, review_queue
from tests.support.concurrency import together
from tests.support.factories import make_contribution, make_user

pytestmark = pytest.mark.django_db


def test_the_most_worth_comes_first_then_the_oldest():
    rita = make_user("rita")
    day = timezone.now() - timedelta(days=9)
    young = make_contribution(priority=1.5)
    old = make_contribution(priority=1.5, created_at=day)
    dull = make_contribution(priority=0.2, created_at=day)
    split = make_contribution(priority=2.1)
    assert review_queue.take(by=rita, n=9) == [split, old, young, dull]


def test_a_reviewer_gets_the_same_again_and_another_the_next():
    rita, rob = make_user("rita"), make_user("rob")
    first, second = make_contribution(priority=2), make_contribution(priority=1)
    assert review_queue.take(by=rita) == [first]
    assert review_queue.take(by=rob) == [second]
    assert review_queue.take(by=rita) == [first]
    assert review_queue.take(by=make_user("ron")) == []


def test_what_a_reviewer_holds_comes_before_what_is_worth_more_since():
    rita = make_user("rita")
    held = make_contribution(priority=1)
    assert review_queue.take(by=rita) == [held]
    new = make_contribution(priority=2)
    assert review_queue.take(by=rita) == [held]
    assert review_queue.take(by=rita, n=2) == [new, held]


def test_a_lease_ends_by_itself_and_by_release():
    rita, rob = make_user("rita"), make_user("rob")
    face = make_contribution()
    review_queue.take(by=rita)
    assert review_queue.release(by=rita) == 1
    assert review_queue.take(by=rob) == [face]
    Contribution.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert review_queue.take(by=rita) == [face]


def test_skipped_and_decided_faces_do_not_come():
    rita = make_user("rita")
    one, two, three = (make_contribution(priority=w) for w in (3, 2, 1))
    decisions.accept(one, by=rita)
    assert review_queue.take(by=rita, skipping=[two.pk]) == [three]


def test_an_undone_face_comes_back_to_who_undid_it():
    rita, rob = make_user("rita"), make_user("rob")
    face = make_contribution()
    decisions.accept(face, by=rita)
    decisions.undo(by=rita)
    assert review_queue.take(by=rob) == []
    assert review_queue.take(by=rita) == [face]


def test_a_choice_can_be_worked_on():
    rita = make_user("rita")
    make_contribution(emotion="sad", priority=2)
    fear = make_contribution(emotion="fear")
    of = Contribution.objects.filter(emotion="fear", votes=None)
    assert review_queue.take(by=rita, of=of) == [fear]


@pytest.mark.django_db(transaction=True)
def test_reviewers_at_once_never_get_the_same_face():
    people = [make_user(f"r{i}") for i in range(6)]
    for i in range(60):
        make_contribution(priority=i % 3, jpeg=b"")
    taken = together(
        6, lambda i: [review_queue.take(by=people[i], n=7) for _ in range(2)]
    )
    held = {}
    for person, rounds in zip(people, taken, strict=True):
        assert rounds[0] == rounds[1]  # the same again: they are his
        for face in rounds[0]:
            assert held.setdefault(face.pk, person) == person
    assert len(held) == 42


@pytest.mark.django_db(transaction=True)
def test_a_reviewer_keeps_a_face_that_somebody_locks_in_passing():
    rita = make_user("rita")
    held, _other = make_contribution(priority=2), make_contribution(priority=1)
    review_queue.take(by=rita)
    is_locked = threading.Event()

    def lock_until_somebody_waits() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            Contribution.objects.select_for_update().get(pk=held.pk)
            is_locked.set()
            for _ in range(1000):
                cursor.execute("SELECT pg_sleep(0.01) FROM pg_locks WHERE NOT granted")
                if cursor.fetchone():
                    return
                cursor.execute("SELECT pg_sleep(0.01)")

    def take() -> list[Contribution]:
        is_locked.wait(60)
        return review_queue.take(by=rita)

    assert together(2, lambda i: (lock_until_somebody_waits, take)[i]())[1] == [held]


def face(emotion: str = "sad", **fields) -> Contribution:
    return Contribution(emotion=emotion, **fields)


def test_where_the_model_says_something_else_a_look_is_worth_most():
    agreed = face(model_emotion="sad", model_probabilities={"sad": 0.9})
    doubted = face(model_emotion="sad", model_probabilities={"sad": 0.3})
    denied = face(model_emotion="fear", model_probabilities={"sad": 0.2})
    found = [review_queue.disagreement(f, {}) for f in (agreed, doubted, denied)]
    assert found == [0, 1, 2]
    assert review_queue.disagreement(face(), {}) == 0


def test_where_voters_say_something_else_too():
    assert review_queue.disagreement(face(), {"sad": 2.0, "fear": 0.5}) == 0
    assert (
        review_queue.disagreement(face(), {"sad": 2.0, "fear": 1.5, "angry": 1.0}) == 1
    )
    assert review_queue.disagreement(face(), {"sad": 1.0, "not_a_face": 1.5}) == 2


def test_need_never_outweighs_disagreement():
    assert all(0 <= value < 1 for value in demand.urgency().values())
    assert 2 <= review_queue.priority_of(face(model_emotion="fear")) < 3


def test_refreshing_follows_the_needs_and_moves_nothing_twice():
    rita = make_user("rita")
    for _ in range(60):
        make_contribution(emotion="happy", status="accepted", jpeg=b"")
    happy = make_contribution(emotion="happy", priority=0.9, jpeg=b"")
    fear = make_contribution(emotion="fear", priority=0.1, jpeg=b"")
    split = make_contribution(emotion="happy", priority=2.5, jpeg=b"")
    assert review_queue.refresh_priorities() == 3
    assert review_queue.refresh_priorities() == 0
    assert review_queue.take(by=rita, n=9) == [split, fear, happy]


def test_of_very_many_that_move_those_that_come_first_move_first(monkeypatch):
    monkeypatch.setattr(review_queue, "MOST_MOVED", 2)
    priorities = (0.1, 2.1, 1.1, 2.2, 0.2)
    faces = {p: make_contribution(priority=p, emotion="sad") for p in priorities}
    left = [{0.1, 1.1, 0.2}, {0.1}, set()]
    for moved, before in zip((2, 2, 1), left, strict=True):
        assert review_queue.refresh_priorities() == moved
        rows = Contribution.objects.filter(priority__in=priorities)
        assert set(rows) == {faces[p] for p in before}
