from uuid import uuid4

import pytest

from labeling.models import Contribution, Review
from tests.support.api_clients import Program
from tests.support.factories import make_contribution, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer() -> Program:
    return Program(make_user("rea", "reviewer"))


def test_waiting_faces_come_in_the_order_of_their_worth(reviewer: Program) -> None:
    low, high = make_contribution(priority=0.1), make_contribution(priority=2)
    make_contribution(status="accepted")
    found = reviewer.get("review?limit=1").json()
    assert [face["id"] for face in found["results"]] == [str(high.pk)]
    rest = reviewer.get(found["next"].removeprefix("http://testserver")).json()
    assert [face["id"] for face in rest["results"]] == [str(low.pk)]


def test_they_are_narrowed_as_on_the_page(reviewer: Program) -> None:
    fear = make_contribution(emotion="fear", priority=1)
    make_contribution(emotion="fear")
    make_contribution(priority=1)
    found = reviewer.get("review?emotion=fear&show=disputed").json()["results"]
    assert [face["id"] for face in found] == [str(fear.pk)]


def test_two_reviewers_take_different_faces(reviewer: Program) -> None:
    for _ in range(4):
        make_contribution()
    other = Program(make_user("rob", "reviewer"))
    sent = {"count": 2}
    mine, others = (p.post("review/take", sent).json() for p in (reviewer, other))
    ids = [face["id"] for said in (mine, others) for face in said["results"]]
    assert len(ids) == len(set(ids)) == 4


@pytest.mark.parametrize(
    ("said", "status", "emotion"),
    [
        ({"act": "accept"}, "accepted", "happy"),
        ({"act": "relabel", "emotion": "sad"}, "accepted", "sad"),
        ({"act": "relabel", "emotion": "happy"}, "accepted", "happy"),
        ({"act": "reject", "reason": "not_clear"}, "rejected", ""),
    ],
)
def test_a_decision_is_on_record(
    reviewer: Program, said: dict[str, str], status: str, emotion: str
) -> None:
    face = make_contribution()
    answer = reviewer.post(f"review/{face.pk}/decisions", said)
    assert answer.status_code == 201
    face.refresh_from_db()
    assert (face.status, face.decided_emotion) == (status, emotion)
    history = reviewer.get(f"review/{face.pk}").json()
    assert [event["id"] for event in history["events"]] == [answer.json()["id"]]


def test_the_first_decision_stands(reviewer: Program) -> None:
    face = make_contribution()
    reviewer.post(f"review/{face.pk}/decisions", {"act": "accept"})
    sent = {"act": "reject", "reason": "not_clear"}
    answer = reviewer.post(f"review/{face.pk}/decisions", sent)
    assert (answer.status_code, answer.json()["error"]["code"]) == (
        409,
        "already_decided",
    )


def test_a_rejection_needs_its_reason(reviewer: Program) -> None:
    face = make_contribution()
    answer = reviewer.post(f"review/{face.pk}/decisions", {"act": "reject"})
    assert answer.json()["error"]["code"] == "reason_missing"


def test_a_decision_is_undone(reviewer: Program) -> None:
    face = make_contribution()
    reviewer.post(f"review/{face.pk}/decisions", {"act": "accept"})
    assert reviewer.post(f"review/{face.pk}/undo").json()["act"] == "undo"
    face.refresh_from_db()
    assert face.status == "waiting"
    assert reviewer.post(f"review/{face.pk}/undo").status_code == 409


def test_many_are_decided_at_once_and_undone_together(reviewer: Program) -> None:
    faces = [make_contribution() for _ in range(3)]
    done = make_contribution(status="accepted")
    ids = [str(face.pk) for face in (*faces, done)]
    sent = {"act": "accept", "faces": [*ids, str(uuid4())]}
    said = reviewer.post("review/bulk", sent).json()
    assert sorted(said["faces"]) == sorted(ids[:3])
    assert said["skipped"] == {"decided": 1, "gone": 1}
    undone = reviewer.post("review/undo", {"events": said["events"]}).json()
    assert len(undone["events"]) == 3
    assert Contribution.objects.waiting().count() == 3


def test_a_bulk_sent_twice_with_one_key_is_done_once(reviewer: Program) -> None:
    face = make_contribution()
    sent = {"act": "accept", "faces": [str(face.pk)]}
    first, second = (
        reviewer.post("review/bulk", sent, Idempotency_Key="bulk-1") for _ in "12"
    )
    assert first.json() == second.json()
    assert Review.objects.count() == 1


def test_a_face_that_is_set_aside_is_not_there(reviewer: Program) -> None:
    face = make_contribution(status="rejected")
    Contribution.objects.filter(pk=face.pk).update(status="in_doubt")
    assert reviewer.get(f"review/{face.pk}").status_code == 404
