"""One person with many cookies, accounts or addresses bends no label."""

import re
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from labeling.datasets import weights
from labeling.errors import Refused
from labeling.models import Contribution, Crop, Vote
from labeling.review import decisions
from labeling.voting import vote_weights, votes
from ml.emotions import EMOTIONS
from tests.support.concurrency import together
from tests.support.factories import make_contribution, make_user, make_votes

pytestmark = pytest.mark.django_db


def make_open(**fields: Any) -> Contribution:
    """A face that voters may see."""
    return make_contribution(
        may_be_seen=True, screened_at=timezone.now(), jpeg=b"jpeg", **fields
    )


def cast(face: Contribution, choice: str, **how: Any) -> str:
    """What came of it: the code of a refusal, or that it was kept."""
    try:
        votes.cast(face, choice, **how)
    except Refused as refusal:
        return refusal.code
    return "kept"


def said_of(face: Contribution) -> dict[str, float]:
    return vote_weights.weighed_votes([face.pk])[face.pk]


def vote_by_page(face: Contribution, choice: str, address: str) -> None:
    """Somebody without a cookie opens the page and votes on the face shown there."""
    client = Client(REMOTE_ADDR=address)
    found = re.search(r'name="ticket" value="([^"]+)"', client.get("/vote/").text)
    if found:
        client.post("/vote/cast/", {"ticket": found[1], "choice": choice})


def test_many_cookies_at_one_address_are_one_vote() -> None:
    face = make_open(emotion="sad")
    for _ in range(5):
        vote_by_page(face, "fear", "192.0.2.7")
    assert Vote.objects.count() == 1
    assert sum(said_of(face).values()) < weights.GIVER_VOTES


def test_an_ipv6_customers_addresses_are_one_vote() -> None:
    face = make_open()
    for n in range(2):
        vote_by_page(face, "fear", f"2001:db8:1:2::{n + 1:x}")
    vote_by_page(face, "sad", "2001:db8:1:3::1")
    assert sorted(Vote.objects.values_list("choice", flat=True)) == ["fear", "sad"]


def test_accounts_at_one_address_are_one_vote_too() -> None:
    face = make_open()
    outcomes = [
        cast(face, "fear", by=make_user(f"v{n}"), network="192.0.2.7") for n in range(4)
    ]
    assert outcomes == ["kept", *["already_voted"] * 3]
    assert votes.next_face(by=make_user("late"), network="192.0.2.7") is None
    assert votes.next_face(by=make_user("afar"), network="192.0.2.8") == face


def test_reviewers_may_share_an_office() -> None:
    face, office = make_open(), {"network": "192.0.2.7"}
    votes.cast(face, "sad", device="visitor", **office)
    for name in ("rita", "ravi"):
        reviewer = make_user(name, "reviewer")
        assert votes.next_face(by=reviewer, **office) == face
        assert cast(face, "sad", by=reviewer, **office) == "kept"


def test_the_hash_of_a_network_ties_no_two_faces_together_and_goes_with_the_vote() -> (
    None
):
    faces = [make_open(), make_open()]
    for face in faces:
        votes.cast(face, "sad", device="d", network="192.0.2.7")
    hashes = set(Vote.objects.values_list("network_hash", flat=True))
    assert len(hashes) == 2
    assert all(re.fullmatch("[0-9a-f]{64}", str(found)) for found in hashes)
    votes.undo(device="d")
    assert Vote.objects.count() == 1
    assert cast(faces[1], "sad", device="e", network="192.0.2.7") == "kept"


def test_the_hash_of_a_network_needs_our_key(settings: Any) -> None:
    face = make_open()
    votes.cast(face, "sad", device="d", network="192.0.2.7")
    settings.SECRET_KEY = "another"
    assert cast(face, "sad", device="e", network="192.0.2.7") == "kept"
    assert Vote.objects.values("network_hash").distinct().count() == 2


def test_a_face_takes_no_more_votes_than_it_wants(settings: Any) -> None:
    settings.VOTES_WANTED = 3
    face = make_open()
    outcomes = [cast(face, "fear", device=f"d{n}") for n in range(5)]
    assert outcomes == ["kept"] * 3 + ["enough_votes"] * 2
    votes.undo(device="d1")  # and its place is free again
    assert cast(face, "sad", by=make_user()) == "kept"
    assert cast(face, "sad", device="d9") == "enough_votes"


def test_votes_from_before_places_count_too(settings: Any) -> None:
    face = make_open(vote_count=settings.VOTES_WANTED)
    voters = [make_user(f"v{n}") for n in range(settings.VOTES_WANTED)]
    make_votes(face, "fear", voters)
    assert cast(face, "sad", device="d") == "enough_votes"


def test_postgres_gives_no_place_twice() -> None:
    face = make_open()
    Vote.objects.create(contribution=face, choice="sad", device_hash="d", place=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Vote.objects.create(contribution=face, choice="sad", device_hash="e", place=1)


@pytest.mark.django_db(transaction=True)
def test_of_twenty_at_one_moment_only_as_many_as_are_wanted_vote(settings: Any) -> None:
    face = make_open()
    together(20, lambda n: votes.cast(face, "fear", device=f"d{n}"))
    face.refresh_from_db()
    assert face.vote_count == face.votes.count() == settings.VOTES_WANTED


@pytest.mark.django_db(transaction=True)
def test_of_twenty_at_one_address_at_one_moment_one_votes() -> None:
    face = make_open()
    together(20, lambda n: votes.cast(face, "fear", device=f"d{n}", network="::1"))
    assert face.votes.count() == 1


def test_any_number_of_devices_outweigh_neither_reviewer_nor_two_accounts(
    settings: Any,
) -> None:
    settings.VOTES_WANTED = 1000
    face = make_open(emotion="sad")
    Vote.objects.bulk_create(
        Vote(contribution=face, choice="fear", device_hash=f"d{n}") for n in range(60)
    )
    for name in ("ann", "bo"):
        votes.cast(face, "sad", by=make_user(name))
    said = said_of(face)
    assert said["fear"] == pytest.approx(vote_weights.MOST_BY_DEVICES)
    assert said["fear"] < said["sad"]
    assert said["fear"] < weights.REVIEWER_VOTES


def test_devices_of_several_opinions_are_capped_together() -> None:
    face = make_open()
    Vote.objects.bulk_create(
        Vote(contribution=face, choice=EMOTIONS[n % 4], device_hash=f"d{n}")
        for n in range(40)
    )
    said = said_of(face)
    assert sum(said.values()) == pytest.approx(vote_weights.MOST_BY_DEVICES)
    assert len(set(said.values())) == 1


def test_devices_alone_never_decide(settings: Any) -> None:
    settings.VOTES_ACCEPT = settings.VOTES_REJECT = 2
    good, bad = make_open(emotion="sad"), make_open(emotion="sad")
    for n in range(5):
        votes.cast(good, "sad", device=f"d{n}")
        votes.cast(bad, "not_a_face", device=f"d{n}")
    assert {good.status, bad.status} == {"waiting"}


@pytest.mark.parametrize("given", ["sad", "fear"])
def test_a_decision_stays_the_largest_share_whatever_came_later(given: str) -> None:
    face = make_open(emotion=given)
    decisions.relabel(face, "sad", by=make_user("rita", "reviewer"))
    make_votes(face, "fear", [make_user(f"v{n}") for n in range(25)])
    said = said_of(face)
    assert said["fear"] > weights.REVIEWER_VOTES + weights.GIVER_VOTES
    shares = weights.soft_label(given, "sad", said)
    label = dict(zip(EMOTIONS, shares, strict=True))
    assert max(label, key=lambda emotion: label[emotion]) == "sad"
    assert label["sad"] > label["fear"] > 0
    assert sum(shares) == pytest.approx(1, abs=1e-4)


def test_one_device_does_not_halve_what_a_face_counts() -> None:
    face = make_open()
    votes.cast(face, "not_clear", device="d")
    assert weights.clarity(said_of(face)) > 0.8
    accounts = [make_user(name) for name in ("ann", "bo", "cy", "di")]
    make_votes(face, "not_clear", accounts)
    assert weights.clarity(said_of(face)) == 0.5


def test_one_address_does_not_use_up_everybodys_looks_at_a_face(settings: Any) -> None:
    settings.VOTE_VIEWS = 2 * votes.LOOKS
    face = make_open()
    for n in range(votes.LOOKS):
        votes.picture(face, device=f"d{n}", network="192.0.2.7")
    with pytest.raises(Refused):
        votes.picture(face, device="again", network="192.0.2.7")
    assert Crop.objects.get().views == votes.LOOKS
    assert votes.picture(face, device="other", network="192.0.2.8") == b"jpeg"


def test_without_redis_looks_go_on(settings: Any, tmp_path: Any) -> None:
    gone = {**settings.CACHES["default"], "LOCATION": f"unix://{tmp_path / 'gone'}"}
    settings.CACHES = {"default": gone}
    assert votes.picture(make_open(), device="d", network="192.0.2.7") == b"jpeg"
