"""Redis and Postgres go away; messages and wishes come twice."""

import signal

import pytest
from django.db import connection

from labeling.models import TrainingRun
from labeling.training import training_runs
from tests.faults.steps import (
    Status,
    every_message_is_taken,
    expect_promoted,
    heartbeat_of,
    send,
    status_of,
    wait_for_stage,
)
from tests.support.fault_injection import PATIENCE, wait_for


def test_redis_restarted_and_emptied_while_a_run_waits(services, machine, run):
    wait_for(lambda: heartbeat_of(run), "the sweeper to send")
    services.stop_redis()
    services.start_redis()
    machine.worker()
    expect_promoted(run, attempt=1)


def test_redis_restarted_and_emptied_in_mid_training(services, machine, run):
    machine.worker(ml=machine.held())
    wait_for_stage(run, "training")
    services.stop_redis()
    services.start_redis()
    machine.let_go()
    expect_promoted(run, attempt=1)
    # The worker, too, has found the new Redis.
    following = training_runs.request(preset="quick")
    wait_for(lambda: status_of(following) == Status.DONE, "the next run")


@pytest.mark.parametrize("word", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "crash"])
def test_postgres_restarted_frees_the_lock_while_the_child_trains(
    services, machine, run, word
):
    machine.worker(ml=machine.held())
    wait_for_stage(run, "training")
    services.stop_postgres(word)
    services.start_postgres()
    connection.close()
    machine.let_go()
    expect_promoted(run)


def test_a_message_delivered_three_times_trains_once(services, machine, run):
    for _ in range(3):
        send(services, run)
    machine.worker()
    expect_promoted(run, attempt=1)


def test_a_message_that_comes_again_in_mid_training_changes_nothing(
    services, machine, other_machine, run
):
    machine.worker(ml=machine.held())
    wait_for_stage(run, "training")
    other_machine.worker(ml="--fail refuse")
    for _ in range(2):
        send(services, run)
    wait_for(lambda: every_message_is_taken(services), "the messages to be taken")
    machine.let_go()
    expect_promoted(run, attempt=1)


def test_two_trainers_who_press_at_once_start_one_run(machine):
    pressed = [machine.manage("retrain", "--preset", "quick") for _ in range(2)]
    assert sorted(process.wait(PATIENCE) for process, _ in pressed) == [0, 1]
    assert "is on already" in "".join(said.read_text() for _, said in pressed)
    machine.worker()
    expect_promoted(TrainingRun.objects.get())


def test_who_follows_a_run_in_a_shell_sees_its_end_after_a_restart(services, machine):
    machine.worker(ml=machine.held())
    follower, said = machine.manage("retrain", "--preset", "quick", "--wait")
    training = TrainingRun.objects.filter(status=Status.TRAINING)
    wait_for(training.exists, "the training")
    services.stop_postgres()
    wait_for(lambda: "database is away" in said.read_text(), "the follower to notice")
    services.start_postgres()
    connection.close()
    machine.let_go()
    assert follower.wait(PATIENCE) == 0, said.read_text()
    verdict = TrainingRun.objects.get().exam.report["sentence"]
    assert said.read_text().splitlines()[-1] == verdict


def test_who_follows_a_run_is_told_that_the_database_stays_away(services, machine):
    wish = ("retrain", "--preset", "quick", "--wait", "--patience", "1")
    follower, said = machine.manage(*wish)
    wait_for(TrainingRun.objects.exists, "the run")
    services.stop_postgres()
    try:
        assert follower.wait(PATIENCE) == 1
    finally:
        services.start_postgres()
        connection.close()
    assert "goes on when it is back" in said.read_text()
    assert "Traceback" not in said.read_text()
