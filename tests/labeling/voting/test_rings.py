"""Rings are found, weigh nothing, and wait for a second reviewer."""

import random

import pytest
from django.db import transaction

from labeling import accounts
from labeling.datasets import selection
from labeling.errors import Refused
from labeling.models import AuditEntry, Contribution, Review, Suspect, User, Vote
from labeling.review import decisions
from labeling.voting import rings, vote_weights, votes
from ml.emotions import EMOTIONS
from tests.experiments import collude, crowds, rows_at_once
from tests.experiments.crowds import World
from tests.experiments.held_out_rows import Stock
from tests.support.factories import make_contribution, make_user, make_votes

pytestmark = pytest.mark.django_db
streams = pytest.mark.django_db(transaction=True)  # a snapshot needs one of its own


@pytest.fixture
def stock() -> Stock:
    dice = random.Random(5)
    return Stock(pixels=None, labels=[dice.choice(EMOTIONS) for _ in range(900)])


def played(stock: Stock, **fields) -> crowds.Crowd:
    world = World(seed=2, faces=450, **fields)
    crowd = crowds.gather(world)
    dice = random.Random(2)
    for batch in range(2):
        rows = range(batch * 450, batch * 450 + 450)
        rows_at_once.give_and_decide(world, stock, crowd, rows, dice, batch=batch)
    return crowd


def names(role: str) -> set[str]:
    people = Suspect.objects.filter(role=role, cleared_at=None)
    return {one.user.username for one in people.select_related("user")}


@streams
def test_a_ring_is_found_and_its_lies_keep_no_weight(stock):
    crowd = played(stock, poison="spread", share=0.4)
    found = collude.measure(crowd)
    assert found["undefended"]["lies"] > 0.05 * found["undefended"]["all"]
    assert found["defended"]["lies"] < 0.01 * found["defended"]["all"]
    rings.refresh()
    assert names("voter") == {user.username for user in crowd.lying_voters}
    assert names("giver") <= {user.username for user in crowd.liars}
    (ring,) = rings.found()
    assert len(ring.voters) == len(crowd.lying_voters)
    assert all(link.backed <= link.met for link in ring.links)
    assert set(ring.faces) <= set(rings.quarantined().values_list("pk", flat=True))


@streams
def test_an_honest_crowd_has_no_ring(stock):
    found = collude.measure(played(stock))
    assert found["suspects"] == []
    assert found["defended"] == found["undefended"]


@pytest.fixture
def ring() -> tuple[User, User]:
    """A giver and a voter who were found out."""
    giver, voter = make_user("giver"), make_user("voter")
    Suspect.objects.create(role="giver", user=giver, belief=0.9)
    Suspect.objects.create(role="voter", user=voter, belief=0.9)
    return giver, voter


def accepted(**fields) -> Contribution:
    return make_contribution(status="accepted", emotion="happy", **fields)


def trains() -> set:
    """What a snapshot would take now."""
    with transaction.atomic():
        batches = list(selection.stream(without_fer2013=False, weight=1, size=100))
    return {row.id for batch in batches for row in batch}


@streams
def test_what_a_ring_gave_or_alone_backs_trains_nothing(ring):
    giver, voter = ring
    given, relabelled = accepted(giver=giver), accepted(giver=giver)
    Contribution.objects.filter(pk=relabelled.pk).update(decided_emotion="sad")
    backed, also_others, unvoted = accepted(), accepted(), accepted()
    make_votes(backed, "happy", [voter])
    make_votes(also_others, "happy", [voter, make_user("other")])
    assert set(rings.quarantined()) == {given, backed}
    assert trains() == {relabelled.pk, also_others.pk, unvoted.pk}


def test_a_label_waits_that_is_ahead_by_a_rings_votes_alone(ring):
    _giver, voter = ring
    others = [make_user(f"other{number}") for number in range(3)]
    tied, ahead, relabelled = accepted(), accepted(), accepted()
    make_votes(tied, "happy", [voter])
    make_votes(tied, "sad", others[:1])
    make_votes(ahead, "happy", [voter, *others[:2]])
    make_votes(ahead, "sad", others[2:])
    Contribution.objects.filter(pk=relabelled.pk).update(decided_emotion="fear")
    make_votes(relabelled, "fear", [voter])
    make_votes(relabelled, "happy", others[:1])
    assert set(rings.quarantined()) == {tied, relabelled}


def test_the_word_of_a_giver_with_a_record_counts(ring):
    _giver, voter = ring
    others = [make_user(f"other{number}") for number in range(5)]
    good, middling = make_user("good"), make_user("middling")
    for giver in (good, good, middling, middling):
        make_votes(accepted(giver=giver), "happy", others)
    make_votes(accepted(giver=middling), "sad", others[:3])
    faces = {}
    for giver in (good, middling):
        for against in (0, 1, 2):
            faces[giver, against] = face = accepted(giver=giver)
            make_votes(face, "happy", [voter])
            make_votes(face, "fear", others[:against])
    expected = {faces[good, 2], faces[middling, 1], faces[middling, 2]}
    assert set(rings.quarantined()) == expected


def test_votes_count_for_nothing_once_their_account_is_deleted(ring):
    _giver, voter = ring
    leaving, staying = make_user("leaving"), make_user("staying")
    face, both = accepted(), accepted()
    make_votes(face, "happy", [leaving])
    make_votes(both, "happy", [leaving, staying])
    assert not rings.quarantined().exists()
    accounts.delete_account(leaving)
    assert set(rings.quarantined()) == set(rings.other_faces()) == {face}
    heard = vote_weights.weighed_votes([face.pk, both.pk])
    assert (face.pk in heard, list(heard[both.pk])) == (False, ["happy"])
    rob = make_user("rob", "reviewer")
    rings.confirm(face, by=rob)
    assert not rings.quarantined().exists()


def test_a_suspects_votes_weigh_nothing_on_a_device_too(ring):
    _giver, voter = ring
    Suspect.objects.create(role="voter", device_hash="d", belief=0.9)
    face = make_contribution()
    make_votes(face, "happy", [voter])
    Vote.objects.create(contribution=face, device_hash="d", choice="happy")
    Vote.objects.create(contribution=face, device_hash="e", choice="sad")
    assert set(vote_weights.weighed_votes([face.pk])[face.pk]) == {"sad"}


def test_nobody_is_tested_on_what_a_ring_gave(ring, monkeypatch):
    giver, _voter = ring
    monkeypatch.setattr(votes, "GOLD_SHARE", 1)
    face = accepted(giver=giver, may_be_seen=True, agreement=1, vote_count=3)
    Contribution.objects.update(screened_at=face.created_at)
    assert votes.cast(face, "sad", by=make_user("bob")).gold_answer == ""


def test_a_second_reviewer_confirms_a_face(ring):
    giver, _voter = ring
    rita, rob = make_user("rita", "reviewer"), make_user("rob", "reviewer")
    face = make_contribution(giver=giver, emotion="happy")
    decisions.accept(face, by=rita)
    with pytest.raises(Refused, match="yourself"):
        rings.confirm(face, by=rita)
    event = rings.confirm(face, by=rob)
    assert (event.act, event.by) == (Review.Act.CONFIRM, rob)
    assert not rings.quarantined().exists()
    with pytest.raises(Refused):
        rings.confirm(face, by=rob)
    decisions.undo(face, by=rob)
    face.refresh_from_db()
    assert face.status == "accepted"
    assert rings.quarantined().exists()
    decisions.undo(face, by=rob)
    face.refresh_from_db()
    assert face.status == "waiting"


def test_the_only_reviewer_confirms_what_he_accepted(ring):
    giver, _voter = ring
    rita = make_user("rita", "reviewer")
    face = make_contribution(giver=giver, emotion="happy")
    decisions.accept(face, by=rita)
    assert rings.confirm(face, by=rita)


def test_who_is_cleared_counts_again_and_is_not_raised_anew(stock):
    played(stock, poison="spread", share=0.2)
    rings.refresh()
    suspect = Suspect.objects.filter(role="voter").first()
    rita = make_user("rita", "reviewer")
    rings.clear(suspect, by=rita)
    entry = AuditEntry.objects.get(act="suspect")
    assert (entry.by_key, entry.details) == (rita.key, {"role": "voter"})
    rings.refresh()
    assert suspect.user.username not in names("voter")


def test_nobody_clears_himself(ring):
    _giver, voter = ring
    with pytest.raises(Refused):
        rings.clear(Suspect.objects.get(user=voter), by=voter)


def test_a_ring_on_devices_is_found_beside_faces_without_an_account(stock):
    crowd = played(stock, poison="spread", share=0.2)
    for user in crowd.lying_voters:
        Vote.objects.filter(voter=user).update(
            voter=None, device_hash=f"device of {user.username}"
        )
    make_votes(make_contribution(emotion="sad"), "sad", crowd.voters[:2])
    rings.refresh()
    found = Suspect.objects.filter(role="voter").values_list("device_hash", flat=True)
    expected = {f"device of {user.username}" for user in crowd.lying_voters}
    assert set(found) == expected


def test_who_is_no_longer_suspected_is_forgotten(ring):
    assert rings.refresh() == 0
    assert not Suspect.objects.exists()


def test_of_whom_the_newest_votes_say_nothing_he_stays_suspected(ring, monkeypatch):
    _giver, voter = ring
    make_votes(make_contribution(emotion="sad"), "sad", [voter])
    crowd = [make_user(f"honest{n}") for n in range(3)]
    make_votes(make_contribution(emotion="sad"), "sad", crowd)
    monkeypatch.setattr(rings, "MOST_VOTES", 3)
    assert rings.refresh() == 2
    monkeypatch.setattr(rings, "MOST_VOTES", 4)
    assert rings.refresh() == 0
