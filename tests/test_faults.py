"""What may happen to a retraining, with real workers, a real broker, a real database.

Training is a stand-in of seconds and sweeps come every second; all else is as it runs.
In none of these is a run stuck, a face lost, or a second champion made.
"""

import os
import signal
import subprocess
from datetime import timedelta

import pytest
from celery import Celery
from django.core.management import call_command
from django.db import OperationalError, connection, connections
from django.utils import timezone

from labeling import champions, serving, training
from labeling.models import Contribution, ModelVersion, Promotion, Snapshot, TrainingRun
from tests import tiny
from tests.machines import PATIENCE, Machine, Services, wait_for
from tests.make import make_accepted_crowd
from webapp import env

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]

Status = TrainingRun.Status
SLOW = "--pace 1.2 --epochs 4"
FACES = 110


@pytest.fixture(scope="module")
def services(django_db_setup, django_db_blocker):
    """Postgres and Redis for this module; the ORM of this process turns to them."""
    services = Services()
    usual = dict(connection.settings_dict)
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict.update(env.postgres(services.spots.database_url))
        call_command("migrate", verbosity=0)
        yield services
        connection.close()
        connection.settings_dict.clear()
        connection.settings_dict.update(usual)
    services.close()


@pytest.fixture(scope="module")
def sweeping(services):
    """A machine that sweeps, all the time."""
    machine = Machine(services, "sweeping")
    machine.worker("default")
    machine.start("beat", "--max-interval", "1")
    yield machine
    machine.close()


@pytest.fixture
def machine(services, sweeping):
    machine = Machine(services, "first")
    yield machine
    machine.close()


@pytest.fixture
def other_machine(services):
    machine = Machine(services, "second")
    yield machine
    machine.close()


@pytest.fixture(autouse=True)
def base(services, tmp_path, settings):
    """A poor champion and enough faces to do better."""
    settings.FER2013 = settings.FERPLUS = None
    again(lambda: call_command("flush", verbosity=0, interactive=False))
    serving.forget()
    tiny.make_artefact(tmp_path / "base", name="base", knows=2)
    make_accepted_crowd(train=75, exam=35)
    return champions.register_shipped(tmp_path / "base")


@pytest.fixture
def run():
    return training.request(preset="quick")


@pytest.mark.parametrize("stage", ["snapshot", "training", "examining", "promotion"])
@pytest.mark.parametrize("word", [signal.SIGTERM, signal.SIGKILL], ids=["TERM", "KILL"])
def test_a_worker_killed_at_any_stage_is_replaced(machine, run, stage, word):
    with block(stage):
        worker = machine.worker(ml=SLOW)
        wait_for_stage(run, stage)
        if stage == "promotion":
            wait_for(somebody_waits_for_a_lock, "a worker in the promotion")
        worker.send_signal(word)
        if word == signal.SIGKILL:
            worker.wait()
    worker.wait()
    machine.worker(ml="--epochs 4")
    expect_promoted(run)
    assert run.losses <= 1


def test_a_worker_told_to_end_is_gone_soon_and_its_run_not_counted_lost(machine, run):
    worker = machine.worker(ml="--pace 600")
    wait_for_stage(run, "training")
    worker.terminate()
    worker.wait(PATIENCE)
    run.refresh_from_db()
    assert (run.status, run.losses) == (Status.QUEUED, 0)
    assert children_of_training() == []


def test_the_child_does_not_outlive_a_killed_worker(machine, run):
    worker = machine.worker(ml="--pace 600")
    wait_for_stage(run, "training")
    wait_for(children_of_training, "the child")
    worker.kill()
    wait_for(lambda: not children_of_training(), "the end of the child")


def test_after_two_lost_workers_a_run_fails_with_a_reason(machine, run):
    for _ in range(2):
        worker = machine.worker(ml="--pace 600")
        wait_for_stage(run, "training")
        worker.kill()
        worker.wait()
        wait_for(lambda: status_of(run) != Status.TRAINING, "the sweeper")
    run.refresh_from_db()
    assert run.status == Status.FAILED
    assert run.message == "The worker was lost."


def test_redis_restarted_and_emptied_while_a_run_waits(services, machine, run):
    wait_for(lambda: heartbeat_of(run), "the sweeper to send")
    services.stop_redis()
    services.start_redis()
    machine.worker()
    expect_promoted(run, attempt=1)


def test_redis_restarted_and_emptied_in_mid_training(services, machine, run):
    machine.worker(ml=SLOW)
    wait_for_stage(run, "training")
    services.stop_redis()
    services.start_redis()
    expect_promoted(run, attempt=1)
    # The worker, too, has found the new Redis.
    following = training.request(preset="quick")
    wait_for(lambda: status_of(following) == Status.DONE, "the next run")


@pytest.mark.parametrize("word", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "crash"])
def test_postgres_restarted_frees_the_lock_while_the_child_trains(
    services, machine, run, word
):
    machine.worker(ml=SLOW)
    wait_for_stage(run, "training")
    services.stop_postgres(word)
    services.start_postgres()
    connection.close()
    expect_promoted(run)


def test_a_message_delivered_three_times_trains_once(services, machine, run):
    url = services.spots.redis_url.replace("unix://", "redis+socket://")
    with Celery(broker=url) as app:
        for _ in range(3):
            app.send_task("workers.tasks.retrain", [run.pk], queue="training")
    machine.worker(ml="--pace 0.3")
    expect_promoted(run, attempt=1)


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


def test_cancelling_ends_the_child_long_before_it_would_end(machine, run):
    machine.worker(ml="--pace 600")
    wait_for_stage(run, "training")
    wait_for(children_of_training, "the child")
    training.cancel(run)
    wait_for(lambda: not children_of_training(), "the end of the child")
    wait_for(lambda: status_of(run) == Status.CANCELLED, "the end of the run")


def test_another_machine_takes_over_from_one_that_hangs(machine, other_machine, run):
    frozen = machine.worker(ml=SLOW)
    wait_for(lambda: checkpoint_of(run) >= 2, "a checkpoint")
    frozen.send_signal(signal.SIGSTOP)
    other_machine.worker(ml="--epochs 4 --pace 0.5")
    expect_promoted(run)
    resumed = run.events.filter(attempt=2).values_list("data__resumed_after", flat=True)
    assert resumed.first() >= 2
    frozen.send_signal(signal.SIGCONT)
    wait_for(lambda: not children_of_training(), "the end of the former child")
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
    machine.worker(ml=SLOW)
    wait_for_stage(run, "training")
    Contribution.objects.filter(side="train").order_by("pk")[0].delete()
    wait_for(lambda: status_of(run) == Status.DONE, "the end of the run")
    run.refresh_from_db()
    assert run.version.tainted_at
    following = training.request(preset="quick")
    expect_promoted(following, faces=FACES - 1)
    assert not following.version.tainted_at


def expect_promoted(run, *, attempt=None, faces=FACES):
    wait_for(
        lambda: status_of(run) in (Status.DONE, Status.FAILED), "the end of the run"
    )
    run.refresh_from_db()
    assert run.status == Status.DONE, f"{run.message}\n{run.log}"
    assert attempt in (None, run.attempt)
    version = ModelVersion.objects.get(run=run)
    assert ModelVersion.objects.get(is_champion=True) == version
    assert Promotion.objects.filter(version=version).count() == 1
    assert Snapshot.objects.get(run=run).rows.count() == faces
    assert Contribution.objects.count() == faces


def block(stage):
    """Hold a stage that would be over too soon."""
    statements = {
        "snapshot": "LOCK TABLE labeling_snapshotrow IN ACCESS EXCLUSIVE MODE",
        "promotion": f"SELECT pg_advisory_xact_lock({champions.LOCK})",
    }
    return _Blocked(statements.get(stage))


class _Blocked:
    """A transaction of its own connection, open as long as the `with` lasts."""

    def __init__(self, statement):
        self.statement = statement
        self.line = connections.create_connection("default")
        self.line.settings_dict = dict(connection.settings_dict)

    def __enter__(self):
        self.line.set_autocommit(False)
        if self.statement:
            with self.line.cursor() as cursor:
                cursor.execute(self.statement)

    def __exit__(self, *_):
        self.line.rollback()
        self.line.close()


def wait_for_stage(run, stage):
    status = {"promotion": "examining"}.get(stage, stage)
    wait_for(lambda: status_of(run) == status, status)


def somebody_waits_for_a_lock():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0]


def status_of(run):
    rows = TrainingRun.objects.filter(pk=run.pk).values_list("status", flat=True)
    return again(rows.get)


def heartbeat_of(run):
    return TrainingRun.objects.values_list("heartbeat_at", flat=True).get(pk=run.pk)


def checkpoint_of(run):
    from labeling.models import Checkpoint

    saved = Checkpoint.objects.filter(run=run).values_list("epoch", flat=True)
    return saved.first() or 0


def children_of_training():
    """Stand-ins that run, wherever: pids."""
    found = subprocess.run(
        ["pgrep", "-f", "tests.stand_in_ml.* (train|compare) "],
        capture_output=True,
        text=True,
        check=False,
    )
    return [int(pid) for pid in found.stdout.split() if int(pid) != os.getpid()]


def again(act):
    """Once more on a new connection, where a restart has broken the old one."""
    try:
        return act()
    except OperationalError:
        connection.close()
        return act()
