import os
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

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


def nightly(*days: str) -> list[str]:
    return [f"mien-{day}-024000-nightly.dump.age" for day in days]


def test_of_the_clocks_dumps_the_last_of_each_day_week_and_month_is_kept(
    settings: Settings,
) -> None:
    settings.KEEP_DAILY_BACKUPS = 2
    settings.KEEP_WEEKLY_BACKUPS = 2
    settings.KEEP_MONTHLY_BACKUPS = 3
    start = date(2026, 1, 1)
    made = nightly(*(f"{start + timedelta(days=n)}" for n in range(90)))  # to 31 March
    assert sorted(retention.in_rings(reversed(made))) == nightly(
        *("2026-01-31", "2026-02-28"),
        "2026-03-29",  # a Sunday
        *("2026-03-30", "2026-03-31"),
    )


def test_the_rings_are_reached_by_night_after_night(settings: Settings) -> None:
    kept, start = set[str](), date(2026, 1, 1)
    for n in range(200):
        kept = retention.in_rings({*kept, *nightly(f"{start + timedelta(days=n)}")})
    assert len(kept) == 7 + (4 - 1) + (6 - 1)  # the newest is in all three
    assert nightly("2026-02-28")[0] in kept


def test_the_last_one_stays_where_all_rings_are_off(settings: Settings) -> None:
    for ring in ("DAILY", "WEEKLY", "MONTHLY"):
        setattr(settings, f"KEEP_{ring}_BACKUPS", 0)
    assert retention.in_rings(nightly("2026-03-01", "2026-03-02")) == {
        *nightly("2026-03-02")
    }


def test_what_a_person_dumped_is_in_no_ring_and_stays(
    settings: Settings, tmp_path: Path
) -> None:
    settings.KEEP_DAILY_BACKUPS = 1
    settings.KEEP_WEEKLY_BACKUPS = settings.KEEP_MONTHLY_BACKUPS = 0
    by_hand = ["mien-2026-03-01-120000.dump", "mien-2026-03-01-120001.dump.age"]
    for name in [*nightly("2026-03-01", "2026-03-02"), *by_hand]:
        (tmp_path / name).touch()
    assert retention.prune_dumps(tmp_path) == 1
    left = {file.name for file in tmp_path.iterdir()}
    assert left == {*by_hand, *nightly("2026-03-02")}


def test_no_ring_keeps_a_dump_longer_than_is_promised(
    settings: Settings, tmp_path: Path
) -> None:
    [name] = nightly("2026-03-01")
    (tmp_path / name).touch()
    old = time.time() - (settings.KEEP_BACKUPS_DAYS + 1) * 24 * 3600
    os.utime(tmp_path / name, (old, old))
    assert retention.prune_dumps(tmp_path) == 1
