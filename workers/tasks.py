"""Thin tasks: an id in, one call each. What they do is in `trainer` and `labeling`."""

import logging

from django.conf import settings
from django.core.management import call_command

from labeling.contributions import erasure, face_reports, near_duplicates
from labeling.errors import Refused
from labeling.review import review_queue
from labeling.stats import site_stats
from labeling.training import exams, schedule, training_runs
from labeling.voting import rings
from labeling.webhooks import deliveries
from workers import launch
from workers.app import app
from workers.retrain import hosts, trainer

log = logging.getLogger(__name__)


@app.task
def retrain(run_id: int) -> None:
    version = trainer.retrain(run_id, call=launch.send_join)
    if version is not None:
        launch.send_measure(version.pk)


@app.task
def join(run_id: int) -> None:
    hosts.join(run_id, settings.TRAINING_ADDRESS)


@app.task
def measure(version_id: int) -> None:
    trainer.measure(version_id)


@app.task
def sweep() -> None:
    for run_id in training_runs.sweep():
        launch.send_run(run_id)
    for report_id in face_reports.not_alerted():
        launch.send_alert(report_id)
    for webhook_id in deliveries.due():
        launch.send_webhook(webhook_id)


@app.task
def alert(report_id: int) -> None:
    face_reports.alert(report_id)


@app.task
def call_webhook(webhook_id: int) -> None:
    if deliveries.send_due(webhook_id):
        launch.send_webhook(webhook_id)


@app.task
def retrain_when_due() -> None:
    for version_id in exams.waiting_for_private_test():
        launch.send_measure(version_id)
    if not schedule.reason():
        return
    try:
        launch.start_training(preset=settings.RETRAIN_PRESET, trigger="schedule")
    except Refused as refusal:
        log.info("no retraining tonight: %s", refusal)


@app.task
def purge() -> None:
    call_command("purge")


@app.task
def back_up() -> None:
    """A fault is told as any task's is, and as a backup that is late."""
    call_command("backup", nightly=True)


@app.task
def erase() -> None:
    if erasure.is_due():
        erasure.erase()


@app.task
def rank() -> None:
    rings.refresh()
    review_queue.refresh_priorities()


@app.task
def compare() -> None:
    near_duplicates.cluster_new()


@app.task
def count() -> None:
    site_stats.refresh_when_due()
