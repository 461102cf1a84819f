"""What tests of faults do and wait for, from outside of workers and services."""

from datetime import timedelta

import redis
from celery import Celery
from django.db import OperationalError, connection, connections
from django.db.models import F

from labeling.db import AdvisoryLock
from labeling.models import (
    Checkpoint,
    Contribution,
    ModelVersion,
    Promotion,
    Snapshot,
    TrainingRun,
)
from tests.support.fault_injection import wait_for

Status = TrainingRun.Status
FACES = 110


def send(services, run):
    url = services.paths.redis_url.replace("unix://", "redis+socket://")
    with Celery(broker=url) as app:
        app.send_task("workers.tasks.retrain", [run.pk], queue="training")


def every_message_is_taken(services):
    with redis.Redis.from_url(services.paths.redis_url) as broker:
        return broker.llen("training") == 0


def silent_for_an_hour(run):
    """As if the worker, which is dead, had been so for an hour."""
    heartbeat = TrainingRun.objects.filter(pk=run.pk, heartbeat_at__isnull=False)
    heartbeat.update(heartbeat_at=F("heartbeat_at") - timedelta(hours=1))


def expect_ended(run, *, attempt=None):
    wait_for(
        lambda: status_of(run) in (Status.DONE, Status.FAILED), "the end of the run"
    )
    run.refresh_from_db()
    assert run.status == Status.DONE, f"{run.message}\n{run.log}"
    assert attempt in (None, run.attempt)


def expect_promoted(run, *, attempt=None, faces=FACES):
    expect_ended(run, attempt=attempt)
    version = ModelVersion.objects.get(run=run)
    assert ModelVersion.objects.get(is_champion=True) == version
    assert Promotion.objects.filter(version=version).count() == 1
    assert Snapshot.objects.get(run=run).rows.count() == faces
    assert Contribution.objects.count() == faces


def block(stage):
    """Hold a stage that would be over too soon."""
    statements = {
        "snapshot": "LOCK TABLE labeling_snapshotrow IN ACCESS EXCLUSIVE MODE",
        "promotion": f"SELECT pg_advisory_xact_lock({AdvisoryLock.CHAMPION:d})",
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
    saved = Checkpoint.objects.filter(run=run).values_list("epoch", flat=True)
    return saved.first() or 0


def again(act):
    """Once more on a new connection, where a restart has broken the old one."""
    try:
        return act()
    except OperationalError:
        connection.close()
        return act()
