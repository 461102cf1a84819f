"""A run's states: every step by a conditional update, fenced by its attempt."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from labeling.errors import Refused
from labeling.models import Contribution, RunEvent, Snapshot, TrainingRun
from labeling.training import run_options, schedule, training_runs
from labeling.training.training_runs import HeartbeatReply, Lost
from ml.training_events import Epoch, EpochFigures
from tests.support.concurrency import together
from tests.support.factories import (
    make_accepted_crowd,
    make_contribution,
    make_run,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db(transaction=True)

Status = TrainingRun.Status


@pytest.fixture(autouse=True)
def with_fer2013(settings, tmp_path):
    settings.FER2013 = tmp_path / "fer2013.csv"
    settings.FER2013.write_text("stands in")
    settings.RETRAIN_LOST_AFTER = 60


def test_a_request_waits_with_who_asked_and_how():
    ann = make_user("ann")
    run = training_runs.request(
        preset="full", by=ann, options={"epochs": "3", "weight": "2", "start": ""}
    )
    assert (run.status, run.requested_by) == (Status.QUEUED, ann)
    assert run.options == {"set": {"epochs": 3}, "weight": 2.0}
    stored = run_options.of(TrainingRun.objects.get())
    assert (stored.set, stored.weight) == ({"epochs": 3}, 2.0)
    assert (stored.start, stored.policy) == ("", "")


def test_a_second_request_is_refused_and_names_the_run_that_is_on():
    first = training_runs.request(preset="quick")
    with pytest.raises(Refused) as refusal:
        training_runs.request(preset="full")
    assert refusal.value.code == "already_running"
    assert refusal.value.details["run"] == first
    assert str(first.pk) in str(refusal.value.message)


def test_two_trainers_pressing_at_once_start_one_run():
    codes = []

    def press():
        try:
            training_runs.request(preset="quick")
            codes.append("started")
        except Refused as refusal:
            codes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["already_running"] * 5 + ["started"]
    assert TrainingRun.objects.count() == 1


def test_a_refused_request_uses_up_no_number():
    first = training_runs.request(preset="quick")
    outcomes = together(6, lambda _: training_runs.request(preset="quick"))
    assert {o.code for o in outcomes} == {"already_running"}
    training_runs.cancel(first)
    outcomes = together(6, lambda _: training_runs.request(preset="quick"))
    assert sum(isinstance(o, TrainingRun) for o in outcomes) == 1
    assert TrainingRun.objects.latest("pk").pk == first.pk + 1


@pytest.mark.parametrize(
    "options",
    [
        {"start": "nowhere"},
        {"policy": "always"},
        {"weight": "-1"},
        {"weight": "much"},
        {"set": {"no_such_knob": 1}},
        {"set": {"preset": "full"}},
        {"epochs": "many"},
        {"shell": "rm"},
    ],
)
def test_what_cannot_be_asked_of_a_run_is_refused(options):
    with pytest.raises(Refused) as refusal:
        training_runs.request(preset="quick", options=options)
    assert refusal.value.code == "bad_option"


def test_an_unknown_preset_is_refused():
    with pytest.raises(Refused):
        training_runs.request(preset="magic")


def test_without_fer2013_and_with_too_few_faces_a_run_is_refused(settings):
    settings.FER2013 = None
    make_contribution(status="accepted")
    with pytest.raises(Refused) as refusal:
        training_runs.request(preset="quick")
    assert refusal.value.code == "too_little_data"
    make_accepted_crowd()
    assert training_runs.request(preset="quick").pk


def test_a_setting_that_points_nowhere_is_refused_with_the_path(settings, tmp_path):
    settings.FER2013 = tmp_path / "gone.csv"
    with pytest.raises(Refused, match="gone.csv"):
        training_runs.request(preset="quick")


def test_a_run_is_claimed_once():
    run = training_runs.request(preset="quick")
    assert training_runs.claim(run.pk, "one") == 1
    assert training_runs.claim(run.pk, "two") is None
    assert "taken by one" in TrainingRun.objects.get().log


def test_an_attempt_that_was_replaced_can_write_nothing():
    run = make_run(attempt=2)
    figures = EpochFigures(epoch=1, epochs=2, loss=1.0, accuracy=0.5)
    epoch = Epoch.of(figures, seconds_left=3.0, checkpoint="checkpoint")
    for write in (
        lambda: training_runs.note(run.pk, 1, progress=0.9),
        lambda: training_runs.record(run.pk, 1, epoch, message="late", log="late"),
        lambda: training_runs.save_checkpoint(run.pk, 1, epoch=1, content=b""),
    ):
        with pytest.raises(Lost):
            write()
    assert training_runs.heartbeat(run.pk, 1) is HeartbeatReply.LOST
    assert not training_runs.fail(run.pk, 1, reason="late")
    assert not RunEvent.objects.exists()
    assert training_runs.heartbeat(run.pk, 2) is HeartbeatReply.GO_ON


def test_cancelling_a_waiting_run_ends_it_at_once():
    run = training_runs.request(preset="quick")
    training_runs.cancel(run, by=make_user("ann"))
    run.refresh_from_db()
    assert run.status == Status.CANCELLED
    assert run.finished_at
    assert "cancelled by a person" in run.log
    assert "ann" not in run.log


def test_cancelling_a_running_one_is_told_with_the_next_heartbeat():
    run = make_run()
    training_runs.cancel(run)
    training_runs.cancel(run)
    assert training_runs.heartbeat(run.pk, 1) is HeartbeatReply.CANCEL
    assert training_runs.stop(run.pk, 1)
    assert TrainingRun.objects.get().status == Status.CANCELLED


def test_cancelling_what_has_ended_is_refused():
    with pytest.raises(Refused) as refusal:
        training_runs.cancel(make_run(status="done"))
    assert refusal.value.code == "not_active"


def test_a_run_without_a_heartbeat_is_queued_again_once_then_failed():
    run = make_run(heartbeat_at=ago(90))
    assert training_runs.sweep() == [run.pk]
    run.refresh_from_db()
    assert (run.status, run.losses) == (Status.QUEUED, 1)
    assert training_runs.claim(run.pk, "two") == 2
    TrainingRun.objects.update(heartbeat_at=ago(90))
    assert training_runs.sweep() == []
    run.refresh_from_db()
    assert (run.status, run.losses) == (Status.FAILED, 2)
    assert run.message


def test_a_run_with_a_heartbeat_is_left_alone():
    run = make_run(heartbeat_at=ago(5))
    assert training_runs.sweep() == []
    run.refresh_from_db()
    assert run.status == Status.SNAPSHOT


def test_a_heartbeat_from_the_future_is_none():
    run = make_run(heartbeat_at=ago(-3600))
    assert training_runs.sweep() == [run.pk]


def test_a_cancelled_run_whose_worker_is_lost_is_cancelled():
    make_run(heartbeat_at=ago(90), cancel_asked_at=ago(80))
    training_runs.sweep()
    assert TrainingRun.objects.get().status == Status.CANCELLED


def test_a_waiting_run_is_sent_again_but_not_with_every_sweep(settings):
    settings.SWEEP_EVERY = 60
    run = training_runs.request(preset="quick")
    assert training_runs.sweep() == [run.pk]
    assert training_runs.sweep() == []
    TrainingRun.objects.update(heartbeat_at=ago(61))
    assert training_runs.sweep() == [run.pk]


def test_the_log_keeps_its_end(monkeypatch):
    monkeypatch.setattr(training_runs, "LOG_LENGTH", 30)
    run = make_run()
    for line in ("the first line", "the second line", "the third line"):
        training_runs.note(run.pk, 1, log=line)
    run.refresh_from_db()
    assert run.log.endswith("the third line\n")
    assert len(run.log) == 30


def test_a_retraining_is_due_when_enough_new_faces_wait(settings, monkeypatch):
    settings.RETRAIN_MIN_FACES = 3
    make_version(is_champion=True)
    for _ in range(2):
        make_contribution(status="accepted")
    assert not schedule.reason()
    make_contribution(status="accepted")
    assert str(schedule.reason()) == "3 newly accepted faces are there"
    monkeypatch.setattr(schedule, "COUNTED_UP_TO", 2)
    assert str(schedule.reason()) == "3 newly accepted faces are there, or more"
    Snapshot.objects.create(run=make_run(status="done"), hash="", manifest={})
    assert not schedule.reason()


def test_a_retraining_is_due_when_the_champion_saw_a_withdrawn_face():
    make_version(is_champion=True, contaminated_at=timezone.now())
    assert Contribution.objects.count() == 0
    assert "taken back" in str(schedule.reason())


def test_a_withdrawal_makes_one_retraining_due_not_one_every_night():
    make_version(is_champion=True, contaminated_at=ago(60))
    Snapshot.objects.create(run=make_run(status="done"), hash="", manifest={})
    assert not schedule.reason()


def test_a_challenger_kept_back_for_a_withdrawal_makes_another_one_due():
    make_version(is_champion=True)
    run = make_run(status="done")
    Snapshot.objects.create(run=run, hash="", manifest={})
    make_version(run=run, contaminated_at=ago(-1))
    assert schedule.reason()


def ago(seconds):
    return timezone.now() - timedelta(seconds=seconds)
