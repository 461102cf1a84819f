import pytest

from labeling.models import Contribution
from labeling.review import demand, priority, review_queue
from tests.support.factories import make_contribution, make_user

pytestmark = pytest.mark.django_db


def face(emotion: str = "sad", **fields) -> Contribution:
    return Contribution(emotion=emotion, **fields)


def test_where_the_model_says_something_else_a_look_is_worth_most():
    agreed = face(model_emotion="sad", model_probabilities={"sad": 0.9})
    doubted = face(model_emotion="sad", model_probabilities={"sad": 0.3})
    denied = face(model_emotion="fear", model_probabilities={"sad": 0.2})
    found = [priority.disagreement(f, {}) for f in (agreed, doubted, denied)]
    assert found == [0, 1, 2]
    assert priority.disagreement(face(), {}) == 0


def test_where_voters_say_something_else_too():
    assert priority.disagreement(face(), {"sad": 2.0, "fear": 0.5}) == 0
    assert priority.disagreement(face(), {"sad": 2.0, "fear": 1.5, "angry": 1.0}) == 1
    assert priority.disagreement(face(), {"sad": 1.0, "not_a_face": 1.5}) == 2


def test_need_never_outweighs_disagreement():
    assert all(0 <= value < 1 for value in demand.urgency().values())
    assert 2 <= priority.of(face(model_emotion="fear")) < 3


def test_refreshing_follows_the_needs_and_moves_nothing_twice():
    rita = make_user("rita")
    for _ in range(60):
        make_contribution(emotion="happy", status="accepted", jpeg=b"")
    happy = make_contribution(emotion="happy", priority=0.9, jpeg=b"")
    fear = make_contribution(emotion="fear", priority=0.1, jpeg=b"")
    split = make_contribution(emotion="happy", priority=2.5, jpeg=b"")
    assert priority.refresh() == 3
    assert priority.refresh() == 0
    assert review_queue.take(by=rita, n=9) == [split, fear, happy]
