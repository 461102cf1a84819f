from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from labeling.contributions import withdrawals
from labeling.datasets import weights
from labeling.errors import Refused
from labeling.models import Contribution, Crop, Vote
from labeling.review import decisions
from labeling.voting import vote_weights, votes
from tests.support.concurrency import together
from tests.support.factories import make_contribution, make_user

pytestmark = pytest.mark.django_db


def make_open(**fields) -> Contribution:
    """A face that voters may see."""
    return make_contribution(
        may_be_seen=True, screened_at=timezone.now(), jpeg=b"jpeg", **fields
    )


def make_gold(emotion: str = "sad", **fields) -> Contribution:
    return make_open(
        status="accepted", emotion=emotion, agreement=1, vote_count=3, **fields
    )


def refusal(call, *args, **how) -> str:
    with pytest.raises(Refused) as refused:
        call(*args, **how)
    assert str(refused.value)
    return refused.value.code


def test_a_vote_is_kept_and_counted():
    face, bob = make_open(), make_user("bob")
    vote = votes.cast(face, "fear", by=bob, device="d")
    face.refresh_from_db()
    assert (face.vote_count, face.agreement) == (1, 1)
    assert (vote.choice, vote.voter, vote.device_hash) == ("fear", bob, "d")
    assert vote.gold_answer == ""


def test_only_faces_that_may_be_seen_and_were_screened_are_shown():
    bob = make_user("bob")
    make_contribution()
    make_contribution(may_be_seen=True)
    rejected = make_open(status="rejected")
    assert votes.next_face(by=bob) is None
    face = make_open()
    assert votes.next_face(by=bob) == face
    assert refusal(votes.cast, rejected, "sad", by=bob) == "not_to_be_seen"
    assert refusal(votes.picture, rejected, by=bob) == "not_to_be_seen"


def test_nobody_votes_on_an_own_face():
    alice = make_user()
    face = make_open(giver=alice)
    assert votes.next_face(by=alice) is None
    assert refusal(votes.cast, face, "sad", by=alice) == "own_face"
    assert refusal(votes.picture, face, by=alice) == "not_to_be_seen"


def test_a_face_comes_once_to_each_voter():
    bob, faces = make_user("bob"), [make_open() for _ in range(7)]
    seen = set()
    while face := votes.next_face(by=bob):
        votes.cast(face, "happy", by=bob)
        seen.add(face)
    assert seen == set(faces)
    assert refusal(votes.cast, faces[0], "sad", by=bob) == "already_voted"
    assert votes.next_face(device="other") in faces


def test_logging_out_gives_no_second_vote():
    face, bob = make_open(), make_user("bob")
    votes.cast(face, "happy", by=bob, device="d")
    assert votes.next_face(device="d") is None
    assert refusal(votes.cast, face, "happy", device="d") == "already_voted"
    other = make_open()
    votes.cast(other, "happy", device="d")
    assert votes.next_face(by=bob, device="d") is None
    assert refusal(votes.cast, other, "happy", by=bob, device="d") == "already_voted"


def test_who_is_nobody_sees_nothing():
    make_open()
    assert votes.next_face() is None


def test_faces_that_others_began_on_come_first():
    fresh, begun = make_open(), make_open(vote_count=2)
    assert votes.next_face(device="d") == begun
    votes.cast(begun, "sad", device="d")
    assert votes.next_face(device="d") == fresh


def test_a_face_with_enough_votes_rests(settings):
    settings.VOTES_WANTED = 3
    make_open(vote_count=3)
    assert votes.next_face(device="d") is None


def test_a_gold_face_tests_the_voter_and_counts_no_further(monkeypatch):
    monkeypatch.setattr(votes, "GOLD_SHARE", 1)
    gold, bob = make_gold("sad"), make_user("bob")
    make_open()
    assert votes.next_face(by=bob) == gold
    assert votes.cast(gold, "happy", by=bob).gold_answer == "sad"
    gold.refresh_from_db()
    assert (gold.vote_count, gold.agreement) == (3, 1)


def test_who_is_right_on_gold_weighs_more_and_a_guesser_nothing():
    good, bad, new = (make_user(name) for name in ("good", "bad", "new"))
    for _ in range(30):
        gold = make_gold("sad")
        votes.cast(gold, "sad", by=good)
        votes.cast(gold, "happy", by=bad)
    face = make_open(emotion="sad")
    for choice, how in {
        "sad": {"by": good},
        "happy": {"by": bad},
        "fear": {"by": new},
        "angry": {"device": "d"},
    }.items():
        votes.cast(face, choice, **how)
    said = vote_weights.weighed_votes([face.pk])[face.pk]
    assert said["happy"] == 0
    assert said["sad"] > said["fear"] == said["angry"] > 0


def test_a_new_account_weighs_as_a_device_until_it_was_tested():
    newcomer, face = make_user("newcomer"), make_open(emotion="sad")
    votes.cast(face, "sad", by=newcomer)
    before = vote_weights.weighed_votes([face.pk])[face.pk]["sad"]
    for _ in range(vote_weights.TESTS):
        votes.cast(make_gold("sad"), "sad", by=newcomer)
    after = vote_weights.weighed_votes([face.pk])[face.pk]["sad"]
    assert after > 2 * before


def soft_label(face: Contribution) -> list[float]:
    said = vote_weights.weighed_votes([face.pk])[face.pk]
    return weights.soft_label(face.emotion, face.decided_emotion or face.emotion, said)


def test_the_soft_label_keeps_the_distribution_of_the_votes():
    face = make_open(emotion="sad")
    assert soft_label(face)[4] == 1
    for i, choice in enumerate(["sad", "sad", "fear", "not_clear"]):
        votes.cast(face, choice, by=make_user(f"v{i}"))
    label = soft_label(face)
    assert sum(label) == pytest.approx(1, abs=1e-4)
    assert 0 < label[2] < label[4] < 1
    assert label[0] == label[1] == label[3] == label[5] == label[6] == 0


def test_the_last_vote_can_be_taken_back_for_a_while():
    face, bob = make_open(), make_user("bob")
    votes.cast(face, "fear", by=bob)
    votes.cast(face, "sad", device="d")
    assert votes.undo(by=bob) == face
    face.refresh_from_db()
    assert face.vote_count == 1
    assert Vote.objects.get().device_hash == "d"
    assert votes.next_face(by=bob) is None  # who has seen what others said
    assert votes.next_face(by=make_user("cleo")) == face
    Vote.objects.update(created_at=timezone.now() - timedelta(hours=1))
    assert refusal(votes.undo, device="d") == "nothing_to_undo"
    assert refusal(votes.undo, by=bob) == "nothing_to_undo"


@pytest.mark.parametrize("voter", ["account", "device"])
def test_after_undo_nobody_votes_again_having_seen_what_others_said(voter: str):
    face, bob = make_open(), make_user("bob")
    votes.cast(face, "fear", by=bob, device="d")
    votes.undo(by=bob)
    again = {"by": bob} if voter == "account" else {"device": "d"}
    assert refusal(votes.cast, face, "sad", **again) == "vote_undone"
    assert votes.next_face(**again) is None
    assert not Vote.objects.exists()


def test_disagreement_makes_a_face_worth_a_reviewers_look():
    face = make_open(emotion="sad")
    votes.cast(face, "sad", by=make_user("a"))
    face.refresh_from_db()
    agreed = face.priority
    for name in ("b", "c"):
        votes.cast(face, "fear", by=make_user(name))
    face.refresh_from_db()
    assert face.priority >= agreed + 1


def test_votes_decide_nothing_by_default(settings):
    settings.VOTES_WANTED = 12
    face = make_open(emotion="sad")
    for i in range(12):
        votes.cast(face, "not_a_face", by=make_user(f"v{i}"))
    face.refresh_from_db()
    assert face.status == "waiting"


def test_agreed_votes_accept_or_reject_where_the_settings_say_so(settings):
    settings.VOTES_ACCEPT, settings.VOTES_REJECT = 3, 2
    people = [make_user(f"v{i}") for i in range(4)]
    good, bad, split = (make_open(emotion="sad") for _ in range(3))
    for i, voter in enumerate(people):
        votes.cast(good, "sad", by=voter)
        votes.cast(split, ["sad", "fear", "sad", "fear"][i], by=voter)
    for voter in people:
        votes.cast(bad, "not_a_face", by=voter)
    for face in (good, bad, split):
        face.refresh_from_db()
    assert [good.status, bad.status, split.status] == [
        "accepted",
        "rejected",
        "waiting",
    ]
    event = bad.reviews.get()
    assert (event.by, event.reason) == (None, "not_a_face")


def test_an_unknown_choice_is_refused():
    for choice in ("", "bored", "<b>"):
        assert refusal(votes.cast, make_open(), choice, device="d") == "choice_missing"


def test_looks_at_a_picture_are_counted_and_end(settings):
    settings.VOTE_VIEWS = 2
    face = make_open()
    assert votes.picture(face, device="d") == b"jpeg"
    assert votes.picture(face, device="e") == b"jpeg"
    assert refusal(votes.picture, face, device="f") == "not_to_be_seen"
    assert Crop.objects.get().views == 2


def test_after_the_vote_the_picture_is_gone():
    face = make_open()
    votes.cast(face, "sad", device="d")
    assert refusal(votes.picture, face, device="d") == "not_to_be_seen"


def test_a_withdrawn_face_is_gone_from_the_vote_at_once():
    face = make_open()
    withdrawals.withdraw(face)
    assert votes.next_face(device="d") is None
    assert refusal(votes.picture, face, device="d") == "not_to_be_seen"
    assert refusal(votes.cast, face, "sad", device="d") == "not_to_be_seen"


def test_the_number_of_queries_does_not_grow_with_the_faces():
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert votes.next_face(device="d")
        return len(seen)

    make_open()
    few = queries()
    for _ in range(60):
        make_open()
    assert queries() == few <= 4


@pytest.mark.django_db(transaction=True)
def test_votes_at_once_are_all_counted_and_the_same_one_once():
    face, people = make_open(), [make_user(f"v{i}") for i in range(4)]
    outcomes = together(8, lambda i: votes.cast(face, "sad", by=people[i % 4]))
    assert sum(isinstance(o, Vote) for o in outcomes) == 4
    assert {o.code for o in outcomes if isinstance(o, Refused)} == {"already_voted"}
    face.refresh_from_db()
    assert (face.vote_count, face.votes.count()) == (4, 4)


@pytest.mark.django_db(transaction=True)
def test_voting_reviewing_and_withdrawing_at_once_end_well():
    rita, people = make_user("rita"), [make_user(f"v{i}") for i in range(3)]
    for _ in range(5):
        face = make_open()
        acts = [
            *(lambda f, p=p: votes.cast(f, "sad", by=p) for p in people),
            lambda f: decisions.accept(f, by=rita),
            withdrawals.withdraw,
        ]
        outcomes = together(5, lambda i, acts=acts, face=face: acts[i](face))
        assert outcomes[4].count == 1
        assert not [
            o
            for o in outcomes
            if isinstance(o, Exception) and not isinstance(o, Refused)
        ]
    assert not Vote.objects.exists()


def test_postgres_refuses_to_edit_a_vote():
    vote = votes.cast(make_open(), "sad", device="d")
    with pytest.raises(IntegrityError), transaction.atomic():
        Vote.objects.filter(pk=vote.pk).update(choice="fear")
    vote.refresh_from_db()
    assert vote.choice == "sad"
