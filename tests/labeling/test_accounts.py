from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group

from labeling import accounts, withdrawal_replay
from labeling.contributions import withdrawal_log
from labeling.errors import Refused
from labeling.models import (
    ApiToken,
    Contribution,
    Erasure,
    Review,
    User,
    Vote,
    Withdrawal,
)
from tests.support.concurrency import crash_before
from tests.support.factories import make_contribution, make_user, make_version

pytestmark = pytest.mark.django_db


def test_the_groups_come_with_their_one_permission_each():
    # By the migration itself: tests with transactions empty all tables after them.
    import_module("labeling.migrations.0002_groups").make_groups(apps, None)
    names = {
        group.name: [p.codename for p in group.permissions.all()]
        for group in Group.objects.all()
    }
    assert names == {"reviewer": ["review"], "trainer": ["train"]}


def test_reviewers_review_and_trainers_train_and_strangers_neither():
    rita, tom = make_user("rita", "reviewer"), make_user("tom", "trainer")
    assert (rita.is_reviewer, rita.is_trainer) == (True, False)
    assert (tom.is_reviewer, tom.is_trainer) == (False, True)
    alice, root = make_user(), make_user("root", is_superuser=True)
    assert not (alice.is_reviewer or alice.is_trainer)
    assert root.is_reviewer
    assert root.is_trainer


def test_of_a_token_only_the_hash_is_kept():
    alice = make_user()
    token, secret = accounts.make_token(alice, name="  my script ")
    assert accounts.find_token(secret).user == alice
    assert token.name == "my script"
    assert secret not in str(ApiToken.objects.values())
    assert secret.startswith(token.hint)
    token.refresh_from_db()
    assert token.last_used_at


def test_a_revoked_or_wrong_token_opens_nothing():
    alice = make_user()
    token, secret = accounts.make_token(alice, name="one")
    accounts.revoke_token(token)
    accounts.revoke_token(token)
    assert accounts.find_token(secret) is None
    assert accounts.find_token("") is None
    assert accounts.find_token("mien_guess") is None


def test_a_token_of_a_disabled_account_opens_nothing():
    alice = make_user()
    _token, secret = accounts.make_token(alice, name="one")
    User.objects.update(is_active=False)
    assert accounts.find_token(secret) is None


def test_a_token_needs_a_name_and_there_is_an_end_to_them():
    alice = make_user()
    with pytest.raises(Refused) as refused:
        accounts.make_token(alice, name=" ")
    assert refused.value.code == "name_missing"
    for i in range(accounts.MAX_TOKENS):
        accounts.make_token(alice, name=str(i))
    with pytest.raises(Refused) as refused:
        accounts.make_token(alice, name="more")
    assert refused.value.code == "too_many_tokens"


def test_an_erased_account_takes_its_faces_along_and_nobody_elses():
    alice, bob = make_user(), make_user("bob")
    gone, kept = make_contribution(giver=alice), make_contribution(giver=bob)
    accounts.make_token(alice, name="one")
    receipt = accounts.delete_account(alice)
    assert receipt.faces == [gone.pk]
    assert Contribution.objects.get() == kept
    assert User.objects.get() == bob
    assert not ApiToken.objects.exists()
    assert Withdrawal.objects.get().pk == gone.pk
    assert Erasure.objects.get().user_key == alice.key


def test_votes_and_decisions_of_an_erased_account_stay_without_a_name():
    alice, bob = make_user(), make_user("bob")
    faces = [make_contribution(giver=bob) for _ in range(2)]
    for face in faces:
        Vote.objects.create(
            contribution=face, voter=alice, device_hash="d", choice="sad"
        )
        Review.objects.create(
            contribution=face, by=alice, act="accept", from_status="", to_status=""
        )
    accounts.delete_account(alice)
    votes = Vote.objects.all()
    assert [(vote.voter, vote.voter_left) for vote in votes] == [(None, True)] * 2
    assert len({vote.device_hash for vote in votes} - {"d"}) == 2
    assert set(Review.objects.values_list("by", flat=True)) == {None}


def test_the_last_admin_cannot_leave():
    root = make_user("root", is_superuser=True)
    with pytest.raises(Refused) as refused:
        accounts.delete_account(root)
    assert refused.value.code == "last_admin"
    make_user("other", is_superuser=True)
    accounts.delete_account(root)
    assert User.objects.get().username == "other"


def test_django_itself_cannot_delete_an_account_that_gave_faces():
    from django.db.models import ProtectedError

    make_contribution(giver=make_user())
    with pytest.raises(ProtectedError):
        User.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_a_crash_between_any_two_statements_erases_nothing_half():
    alice = make_user()
    make_contribution(giver=alice)
    make_version()
    statement, is_dead = 0, True
    while is_dead:
        statement += 1
        is_dead = crash_before(statement, lambda: accounts.delete_account(alice))
        rows = [m.objects.exists() for m in (User, Contribution, Erasure, Withdrawal)]
        assert rows == ([True, True, False, False] if is_dead else [False, False, 1, 1])
    assert statement > 8


@pytest.mark.django_db(transaction=True)
def test_an_account_erased_since_a_backup_is_erased_again_after_a_restore(tmp_path):
    alice, bob = make_user(), make_user("bob")
    make_contribution(giver=alice)
    accounts.delete_account(alice)
    withdrawal_log.write(tmp_path / "saved.log")
    Withdrawal.objects.all().delete()
    Erasure.objects.all().delete()
    again = make_user(key=alice.key)
    make_contribution(giver=again)
    assert withdrawal_replay.replay(tmp_path / "saved.log") == (1, 1)
    assert User.objects.get() == bob
    assert Erasure.objects.get().user_key == alice.key
