"""The door that enqueues, and what the clock starts by itself."""

import os
import subprocess
import sys

import pytest
from django.utils import timezone

from labeling.errors import Refused
from labeling.models import TrainingRun
from labeling.registry import serving
from tests.support.factories import make_accepted_crowd, make_version
from workers import heartbeat, launch, tasks
from workers.app import app

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def empty_queues(settings):
    settings.FER2013 = None
    serving.forget()
    broker = heartbeat.broker()
    broker.delete("training", "default")
    yield
    broker.delete("training", "default")


def waiting():
    """Messages for the training workers."""
    return heartbeat.broker().llen("training")


def test_starting_leaves_a_row_and_sends_its_id():
    make_accepted_crowd()
    run = launch.start_training(preset="quick")
    assert TrainingRun.objects.get() == run
    assert waiting() == 1


def test_a_refused_start_sends_nothing():
    with pytest.raises(Refused):
        launch.start_training(preset="quick")
    assert waiting() == 0


@pytest.mark.slow
def test_with_the_broker_away_the_run_waits_for_the_sweeper(site_env, manage, tmp_path):
    make_accepted_crowd()
    environment = {**site_env, "REDIS_URL": f"unix://{tmp_path}/nobody.sock"}
    environment |= {"FER2013": "", "FERPLUS": ""}
    done = subprocess.run(
        [*manage, "retrain", "--preset", "quick"],
        env={**environment, "DJANGO_SETTINGS_MODULE": "webapp.config.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert TrainingRun.objects.get().status == TrainingRun.Status.QUEUED
    assert waiting() == 0
    tasks.sweep()
    assert waiting() == 1


def test_the_clock_starts_a_run_when_one_is_due(settings):
    settings.RETRAIN_PRESET = "quick"
    settings.RETRAIN_MIN_FACES = 50
    make_accepted_crowd()
    tasks.retrain_when_due()
    run = TrainingRun.objects.get()
    assert (run.trigger, run.preset) == ("schedule", "quick")
    tasks.retrain_when_due()
    assert TrainingRun.objects.count() == 1


def test_the_clock_starts_nothing_without_a_reason(settings):
    settings.RETRAIN_MIN_FACES = 500
    make_accepted_crowd()
    tasks.retrain_when_due()
    assert not TrainingRun.objects.exists()


def test_a_withdrawal_is_a_reason_but_too_little_data_is_no_error(settings):
    make_version(is_champion=True, contaminated_at=timezone.now())
    tasks.retrain_when_due()
    assert not TrainingRun.objects.exists()


def test_the_clock_backs_up_when_it_is_told_a_time():
    schedule = "from workers.app import app; print(app.conf.beat_schedule)"
    said = subprocess.run(
        [sys.executable, "-c", schedule],
        env={**os.environ, "BACKUP_AT": "02:40"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "'workers.tasks.back_up', 'schedule': <crontab: 40 02" in said
    assert "back up" not in app.conf.beat_schedule
