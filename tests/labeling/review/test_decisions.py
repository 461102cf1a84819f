from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from labeling.errors import Refused
from labeling.models import Contribution, Review
from labeling.review import bulk_decisions, decisions
from labeling.review.bulk_decisions import Skipped
from tests.support.concurrency import crash_before, together
from tests.support.factories import make_contribution, make_user

pytestmark = pytest.mark.django_db


def refusal(call, *args, **how) -> str:
    with pytest.raises(Refused) as refused:
        call(*args, **how)
    assert str(refused.value)
    return refused.value.code


def stands(face) -> tuple[str, str]:
    face.refresh_from_db()
    return face.status, face.decided_emotion


def test_accepting_takes_the_givers_label_and_leaves_an_event():
    face, rita = make_contribution(emotion="sad"), make_user("rita", "reviewer")
    decisions.accept(face, by=rita)
    assert stands(face) == ("accepted", "sad")
    assert face.decided_at
    event = face.reviews.get()
    assert (event.act, event.by, event.from_status) == ("accept", rita, "waiting")
    assert (event.to_status, event.from_emotion, event.to_emotion) == (
        "accepted",
        "sad",
        "sad",
    )
    assert event.created_at


def test_relabelling_accepts_as_another_emotion_and_keeps_the_givers_label():
    face, rita = make_contribution(emotion="sad"), make_user("rita")
    event = decisions.relabel(face, "fear", by=rita)
    assert stands(face) == ("accepted", "fear")
    assert face.emotion == "sad"
    assert (event.from_emotion, event.to_emotion) == ("sad", "fear")
    assert refusal(decisions.relabel, face, "bored", by=rita) == "emotion_missing"


def test_rejecting_needs_a_reason_and_keeps_hostile_notes_as_text():
    face, rita = make_contribution(), make_user("rita")
    assert refusal(decisions.reject, face, by=rita, reason="") == "reason_missing"
    note = "<script>alert(1)</script>'; --"
    event = decisions.reject(face, by=rita, reason="poor_picture", note=note)
    assert stands(face) == ("rejected", "")
    assert (event.reason, event.note) == ("poor_picture", note)


def test_the_first_decision_stands():
    face = make_contribution()
    rita, rob = make_user("rita"), make_user("rob")
    decisions.reject(face, by=rita, reason="not_clear")
    for late in (decisions.accept, decisions.relabel, decisions.reject):
        extra = {
            decisions.relabel: {"emotion": "sad"},
            decisions.reject: {"reason": "not_clear"},
        }.get(late, {})
        assert refusal(late, face, by=rob, **extra) == "already_decided"
    assert stands(face)[0] == "rejected"
    assert face.reviews.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_decide_at_once_one_does():
    face = make_contribution(emotion="sad")
    people = [make_user(f"r{i}") for i in range(8)]

    def decide(i: int) -> Review:
        if i % 2:
            return decisions.reject(face, by=people[i], reason="not_clear")
        return decisions.relabel(face, "fear", by=people[i])

    outcomes = together(8, decide)
    events = [o for o in outcomes if isinstance(o, Review)]
    assert len(events) == 1
    assert {o.code for o in outcomes if isinstance(o, Refused)} == {"already_decided"}
    assert face.reviews.get() == events[0]
    assert stands(face)[0] == events[0].to_status


@pytest.mark.django_db(transaction=True)
def test_a_crash_between_any_two_statements_leaves_no_half_decision():
    rita, statement, is_dead = make_user("rita"), 0, True
    face = make_contribution()
    while is_dead:
        statement += 1
        is_dead = crash_before(statement, lambda: decisions.accept(face, by=rita))
        assert stands(face)[0] == ("waiting" if is_dead else "accepted")
        assert face.reviews.exists() is not is_dead
    assert statement > 3


def test_a_withdrawn_face_cannot_be_decided():
    face = make_contribution()
    Contribution.objects.filter(pk=face.pk).get().crop.delete()
    Contribution.objects.filter(pk=face.pk).delete()
    assert refusal(decisions.accept, face, by=make_user()) == "gone"


def test_screening_needs_the_givers_consent():
    rita = make_user("rita")
    shy, open_face = make_contribution(), make_contribution(may_be_seen=True)
    assert refusal(decisions.screen, shy, by=rita) == "not_to_be_shown"
    decisions.screen(open_face, by=rita)
    open_face.refresh_from_db()
    assert open_face.screened_at
    assert open_face.status == "waiting"
    assert refusal(decisions.screen, open_face, by=rita) == "already_screened"


def test_undoing_brings_the_face_back_and_is_an_event_of_its_own():
    face, rita = make_contribution(emotion="sad"), make_user("rita")
    first = decisions.relabel(face, "fear", by=rita)
    event = decisions.undo(by=rita)
    assert stands(face) == ("waiting", "")
    assert (event.act, event.undoes) == ("undo", first)
    assert (event.from_status, event.to_status) == ("accepted", "waiting")
    assert [e.act for e in face.reviews.all()] == ["relabel", "undo"]
    decisions.accept(face, by=rita)
    assert stands(face) == ("accepted", "sad")


def test_undoing_again_and_again_walks_back():
    rita, faces = make_user("rita"), [make_contribution() for _ in range(3)]
    for face in faces:
        decisions.accept(face, by=rita)
    undone = [decisions.undo(by=rita).contribution for _ in range(3)]
    assert undone == faces[::-1]
    assert refusal(decisions.undo, by=rita) == "nothing_to_undo"


def test_undo_takes_ones_own_last_decision_only():
    face, rita, rob = make_contribution(), make_user("rita"), make_user("rob")
    decisions.accept(face, by=rita)
    assert refusal(decisions.undo, by=rob) == "nothing_to_undo"
    decisions.undo(face, by=rob)  # of this face, whoever decided
    assert refusal(decisions.undo, by=rita) == "nothing_to_undo"
    assert stands(face)[0] == "waiting"


def test_a_screening_can_be_undone():
    face, rita = make_contribution(may_be_seen=True), make_user("rita")
    decisions.screen(face, by=rita)
    decisions.undo(by=rita)
    face.refresh_from_db()
    assert face.screened_at is None


@pytest.mark.django_db(transaction=True)
def test_a_decision_is_undone_once_by_many_at_once():
    face, people = make_contribution(), [make_user(f"r{i}") for i in range(6)]
    decisions.accept(face, by=people[0])
    outcomes = together(6, lambda i: decisions.undo(face, by=people[i]))
    assert sum(isinstance(o, Review) for o in outcomes) == 1
    assert face.reviews.filter(act="undo").count() == 1
    assert stands(face)[0] == "waiting"


def test_many_are_decided_at_once_and_those_decided_already_are_passed_over():
    rita = make_user("rita")
    faces = [make_contribution(emotion="sad") for _ in range(5)]
    decisions.accept(faces[0], by=rita)
    bulk = bulk_decisions.reject([f.pk for f in faces], by=rita, reason="duplicate")
    assert len(bulk.done) == 4
    assert bulk.passed_over == 1
    assert stands(faces[0])[0] == "accepted"
    assert {stands(face)[0] for face in faces[1:]} == {"rejected"}
    assert Review.objects.filter(act="reject", reason="duplicate").count() == 4
    more = make_contribution(emotion="fear")
    assert bulk_decisions.accept([more.pk, more.pk], by=rita).done == [more.pk]
    assert stands(more) == ("accepted", "fear")


def test_many_are_found_fit_to_show_where_their_givers_agreed():
    rita = make_user("rita")
    hidden = make_contribution()
    faces = [make_contribution(may_be_seen=True) for _ in range(3)]
    decisions.screen(faces[0], by=rita)
    bulk = bulk_decisions.screen([f.pk for f in (hidden, *faces)], by=rita)
    assert set(bulk.done) == {faces[1].pk, faces[2].pk}
    assert bulk.passed_over == 2
    assert Contribution.objects.seeable().count() == 3
    assert Review.objects.filter(act="screen", by=rita).count() == 3


def test_a_bulk_tells_why_it_left_faces_as_they_were():
    rita, rob = make_user("rita", "reviewer"), make_user("rob", "reviewer")
    mine, decided = make_contribution(giver=rita), make_contribution()
    decisions.accept(decided, by=rob)
    asked = [mine.pk, decided.pk, uuid4(), make_contribution(may_be_seen=True).pk]
    assert bulk_decisions.accept(asked, by=rita).skipped == {
        Skipped.OWN_GIFT: 1,
        Skipped.DECIDED: 1,
        Skipped.GONE: 1,
    }
    bulk_decisions.screen(asked[3:], by=rob)
    assert bulk_decisions.screen(asked[1:], by=rita).skipped == {
        Skipped.NOT_TO_BE_SEEN: 1,
        Skipped.SEEN_ALREADY: 1,
        Skipped.GONE: 1,
    }


@pytest.mark.parametrize("bulk", ["accept", "reject", "screen"])
def test_a_bulk_is_undone_as_a_whole_where_it_still_stands(bulk: str):
    rita, rob = make_user("rita", "reviewer"), make_user("rob", "reviewer")
    faces = [make_contribution(may_be_seen=True) for _ in range(4)]
    why = {"reason": "not_clear"} if "reject" in bulk else {}
    done = getattr(bulk_decisions, bulk)([face.pk for face in faces], by=rita, **why)
    decisions.undo(faces[0], by=rob)
    if bulk != "screen":
        decisions.relabel(faces[0], "sad", by=rob)
    events = [event.pk for event in done.events]
    assert bulk_decisions.undo(events, by=rob).done == []
    undone = bulk_decisions.undo(events, by=rita)
    assert set(undone.done) == {face.pk for face in faces[1:]}
    assert undone.skipped == {Skipped.CHANGED_SINCE: 1}
    untouched = Contribution.objects.waiting().filter(screened_at=None)
    assert untouched.filter(pk__in=undone.done, decided_emotion="").count() == 3
    assert Review.objects.filter(act="undo", by=rita).count() == 3
    assert bulk_decisions.undo(events, by=rita).done == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("bulk", ["accept", "reject", "screen"])
def test_a_crash_in_a_bulk_leaves_nothing_half_decided(bulk: str):
    faces = [make_contribution(may_be_seen=True) for _ in range(3)]
    rita, why = make_user("rita"), {"reason": "not_clear"} if "reject" in bulk else {}
    statement = 0
    while crash_before(
        statement := statement + 1,
        lambda: getattr(bulk_decisions, bulk)([f.pk for f in faces], by=rita, **why),
    ):
        assert not Review.objects.exists()
        assert Contribution.objects.waiting().filter(screened_at=None).count() == 3
    assert Review.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_bulks_at_once_neither_lock_up_nor_decide_twice():
    people = [make_user("rita"), make_user("rob")]
    ids = [make_contribution().pk for _ in range(40)]
    orders = [ids, ids[::-1]]
    bulks = together(2, lambda i: bulk_decisions.accept(orders[i], by=people[i]))
    assert sum(len(bulk.done) for bulk in bulks) == 40
    assert Review.objects.count() == 40


def test_the_database_refuses_a_decision_without_emotion_or_time():
    face = make_contribution()
    rows = Contribution.objects.filter(pk=face.pk)
    for broken in (
        {"status": "accepted"},
        {"status": "accepted", "decided_at": timezone.now()},
        {"status": "rejected"},
        {"decided_emotion": "sad"},
        {"screened_at": timezone.now()},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**broken)


def test_postgres_refuses_to_edit_an_event():
    event = decisions.accept(make_contribution(), by=make_user())
    for changed in ({"act": "reject"}, {"note": "later"}, {"to_emotion": "sad"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Review.objects.filter(pk=event.pk).update(**changed)
