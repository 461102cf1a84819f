"""The one door that enqueues. Messages carry ids, go out after commit, and may get
lost: the sweeper sends them again."""

import logging
from collections.abc import Mapping
from functools import partial

from celery.exceptions import OperationalError
from django.db import transaction

from labeling.contributions import face_reports
from labeling.models import Contribution, FaceReport, TrainingRun, User
from labeling.training import training_runs
from workers.app import app

log = logging.getLogger(__name__)


def start_training(
    *,
    preset: str,
    by: User | None = None,
    trigger: str = "person",
    options: Mapping[str, object] | None = None,
) -> TrainingRun:
    """Ask for a retraining and tell the training workers of it.

    Raises labeling.errors.Refused, for example while another run is on.
    """
    with transaction.atomic():
        run = training_runs.request(
            preset=preset, by=by, trigger=trigger, options=options
        )
        transaction.on_commit(partial(send_run, run.pk))
    return run


def report_face(face: Contribution, reason: str) -> FaceReport:
    """Hide a face at once, and have the operator told. Raises Refused."""
    with transaction.atomic():
        reported = face_reports.report(face, reason)
        transaction.on_commit(partial(send_alert, reported.pk))
    return reported


def send_alert(report_id: int) -> None:
    """Have the operator told of a reported face. Once too often does no harm."""
    _send("workers.tasks.alert", report_id)


def send_run(run_id: int) -> None:
    """Tell the training workers of a queued run. Once too often does no harm."""
    _send("workers.tasks.retrain", run_id)


def send_join(run_id: int, expires: float) -> None:
    """Ask a free training host to train a run together with the one that leads."""
    _send("workers.tasks.join", run_id, expires=expires)


def send_measure(version_id: int) -> None:
    """Have PrivateTest measured for a version whose exam is on record."""
    _send("workers.tasks.measure", version_id)


def send_webhook(webhook_id: int) -> None:
    """Have a webhook told what waits for it."""
    _send("workers.tasks.call_webhook", webhook_id)


def on_written(*, webhook_id: int, **_: object) -> None:
    """An act has written something down for a webhook; see `workers/apps.py`."""
    send_webhook(webhook_id)


def _send(task: str, pk: int, *, expires: float | None = None) -> None:
    try:
        app.send_task(task, [pk], expires=expires)
    except OperationalError as problem:
        log.warning("%s(%s) waits for the broker: %s", task, pk, problem)
