from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from labeling.contributions import retention
from labeling.models import Contribution, Crop, SpentToken, Withdrawal
from labeling.review import decisions
from tests.support.concurrency import together
from tests.support.factories import make_contribution, make_user

pytestmark = pytest.mark.django_db


def ago(days: float):
    return timezone.now() - timedelta(days=days)


def test_faces_that_waited_too_long_are_deleted():
    make_contribution(created_at=ago(181))
    young = make_contribution(created_at=ago(179))
    old_but_accepted = make_contribution(created_at=ago(999), status="accepted")
    assert retention.purge()["waiting"] == 1
    assert set(Contribution.objects.all()) == {young, old_but_accepted}
    assert Crop.objects.count() == 2
    assert not Withdrawal.objects.exists()


def test_rejected_faces_are_deleted_sooner():
    make_contribution(status="rejected", decided_at=ago(31))
    kept = make_contribution(status="rejected", decided_at=ago(29))
    assert retention.purge()["rejected"] == 1
    assert Contribution.objects.get() == kept


def test_faces_that_are_set_aside_wait_for_their_givers_as_long_as_new_ones():
    make_contribution(status="in_doubt", decided_at=ago(181))
    kept = make_contribution(status="in_doubt", decided_at=ago(179))
    assert retention.purge()["in_doubt"] == 1
    assert Contribution.objects.get() == kept


def test_the_settings_say_how_long(settings):
    settings.KEEP_WAITING_DAYS, settings.KEEP_REJECTED_DAYS = 5, 2
    make_contribution(created_at=ago(6))
    make_contribution(status="rejected", decided_at=ago(3))
    retention.purge()
    assert not Contribution.objects.exists()


def test_many_go_in_batches(monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 3)
    for _ in range(8):
        make_contribution(created_at=ago(200))
    assert retention.purge()["waiting"] == 8


def test_spent_tokens_that_could_not_be_used_any_more_are_forgotten():
    SpentToken.objects.create(nonce="a", expires_at=ago(0.1))
    SpentToken.objects.create(nonce="b", expires_at=ago(-0.1))
    assert retention.purge()["tokens"] == 1
    assert SpentToken.objects.get().nonce == "b"


def test_the_command_prints_counts_and_nothing_else(capsys):
    make_contribution(created_at=ago(200), giver=make_user())
    call_command("purge")
    assert capsys.readouterr().out.split() == [
        *("waiting:", "1", "rejected:", "0", "in_doubt:", "0"),
        *("tokens:", "0", "messages:", "0", "sessions:", "0", "dumps:", "0"),
    ]


@pytest.mark.django_db(transaction=True)
def test_a_face_accepted_in_that_very_moment_stays():
    rita = make_user("rita")
    for _ in range(5):
        face = make_contribution(created_at=ago(200))
        acts = [lambda f: decisions.accept(f, by=rita), lambda _: retention.purge()]
        outcomes = together(2, lambda i, f=face, acts=acts: acts[i](f))
        is_accepted = not isinstance(outcomes[0], Exception)
        assert Contribution.objects.filter(pk=face.pk).exists() is is_accepted
