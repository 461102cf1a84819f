"""Workers and their children come to harm."""

import signal
from datetime import timedelta

import pytest
from django.utils import timezone

from labeling.models import Contribution, TrainingRun
from labeling.training import training_runs
from tests.faults.steps import (
    FACES,
    Status,
    block,
    checkpoint_of,
    expect_promoted,
    silent_for_an_hour,
    somebody_waits_for_a_lock,
    status_of,
    wait_for_stage,
)
from tests.support.fault_injection import PATIENCE, wait_for


@pytest.mark.parametrize("stage", ["snapshot", "training", "examining", "promotion"])
@pytest.mark.parametrize("word", [signal.SIGTERM, signal.SIGKILL], ids=["TERM", "KILL"])
def test_a_worker_killed_at_any_stage_is_replaced(machine, run, stage, word):
    held = {"training": machine.held(), "examining": machine.held("exam")}
    with block(stage):
        worker = machine.worker(ml=held.get(stage, ""))
        wait_for_stage(run, stage)
        if stage == "promotion":
            wait_for(somebody_waits_for_a_lock, "a worker in the promotion")
        worker.send_signal(word)
        if word == signal.SIGKILL:
            worker.wait()
    worker.wait()
    silent_for_an_hour(run)
    machine.worker()
    expect_promoted(run)
    assert run.losses <= 1


def test_a_worker_told_to_end_is_gone_soon_and_its_run_not_counted_lost(machine, run):
    worker = machine.worker(ml="--pace 600")
    wait_for_stage(run, "training")
    worker.terminate()
    worker.wait(PATIENCE)
    run.refresh_from_db()
    assert (run.status, run.losses) == (Status.QUEUED, 0)
    assert machine.children() == []


def test_the_child_does_not_outlive_a_killed_worker(machine, run):
    worker = machine.worker(ml="--pace 600")
    wait_for_stage(run, "training")
    wait_for(machine.children, "the child")
    worker.kill()
    wait_for(lambda: not machine.children(), "the end of the child")


def test_a_child_that_somebody_ends_is_tried_once_more(machine, run):
    machine.worker(ml=machine.held())
    wait_for(machine.children, "the child")
    for child in machine.children():
        child.terminate()
    machine.let_go()
    expect_promoted(run, attempt=2)
    assert "ended the training from outside" in run.log


def test_after_two_lost_workers_a_run_fails_with_a_reason(machine, run):
    for _ in range(2):
        worker = machine.worker(ml="--pace 600")
        wait_for_stage(run, "training")
        worker.kill()
        worker.wait()
        silent_for_an_hour(run)
        wait_for(lambda: status_of(run) != Status.TRAINING, "the sweeper")
    run.refresh_from_db()
    assert run.status == Status.FAILED
    assert run.message == "The worker was lost."


def test_a_disk_that_is_full_fails_the_run_with_that_reason(machine, run):
    machine.worker(ml="--fail disk")
    wait_for(lambda: status_of(run) == Status.FAILED, "the failure")
    run.refresh_from_db()
    assert run.message == "The disk is full."


def test_a_child_out_of_memory_is_tried_once_more(machine, run):
    machine.worker(ml="--fail memory")
    wait_for(lambda: status_of(run) == Status.FAILED, "the failure")
    run.refresh_from_db()
    assert run.attempt == 2
    assert "memory" in run.message


def test_a_child_that_is_refused_memory_fails_the_run_with_that_reason(machine, run):
    machine.worker(ml="--fail allocate")
    wait_for(lambda: status_of(run) == Status.FAILED, "the failure")
    run.refresh_from_db()
    assert run.message == "There was not enough memory for the training."


def test_cancelling_ends_the_child_long_before_it_would_end(machine, run):
    machine.worker(ml="--pace 600")
    wait_for_stage(run, "training")
    wait_for(machine.children, "the child")
    training_runs.cancel(run)
    wait_for(lambda: not machine.children(), "the end of the child")
    wait_for(lambda: status_of(run) == Status.CANCELLED, "the end of the run")


def test_another_machine_takes_over_from_one_that_hangs(machine, other_machine, run):
    frozen = machine.worker(ml="--pace 0.5 --epochs 400")
    wait_for(lambda: checkpoint_of(run) >= 2, "a checkpoint")
    frozen.send_signal(signal.SIGSTOP)
    other_machine.worker(ml="--epochs 20")
    expect_promoted(run)
    resumed = run.events.filter(attempt=2).values_list("data__resumed_after", flat=True)
    assert resumed.first() >= 2
    frozen.send_signal(signal.SIGCONT)
    wait_for(lambda: not machine.children(), "the end of the former child")
    expect_promoted(run)


@pytest.mark.parametrize("hours", [-1, 1], ids=["forward", "back"])
def test_a_clock_that_jumps_leaves_no_run_stuck(machine, run, hours):
    worker = machine.worker(ml="--pace 600")
    wait_for_stage(run, "training")
    worker.kill()
    worker.wait()
    jumped = timezone.now() + timedelta(hours=hours)
    TrainingRun.objects.filter(pk=run.pk).update(heartbeat_at=jumped)
    machine.worker()
    expect_promoted(run)


def test_withdrawals_during_a_run_do_not_stop_it(machine, run):
    machine.worker(ml=machine.held())
    wait_for_stage(run, "training")
    Contribution.objects.filter(split="train").order_by("pk")[0].delete()
    machine.let_go()
    wait_for(lambda: status_of(run) == Status.DONE, "the end of the run")
    run.refresh_from_db()
    assert run.version.contaminated_at
    following = training_runs.request(preset="quick")
    expect_promoted(following, faces=FACES - 1)
    assert not following.version.contaminated_at
