"""The whole of a retraining with real children, in this process: no broker."""

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from labeling.models import Checkpoint, ModelVersion, RunEvent, Snapshot, TrainingRun
from labeling.registry import model_versions, serving
from labeling.training import training_runs
from tests.support import tiny_model
from tests.support.factories import make_accepted_crowd, make_user
from workers.retrain import run_lease, trainer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

Status = TrainingRun.Status
PATIENCE = 120  # seconds; generous, for other tests run at the same time


@pytest.fixture(autouse=True)
def no_fer2013(settings):
    settings.FER2013 = settings.FERPLUS = None
    serving.forget()


@pytest.fixture
def champion(tmp_path):
    """A poor one: it confuses all but two emotions."""
    tiny_model.make_artefact(tmp_path / "base", name="base", knows=2)
    return model_versions.register_shipped(tmp_path / "base")


@pytest.fixture
def faces():
    return make_accepted_crowd()


def test_a_better_challenger_is_promoted_and_served(champion, faces, fake_ml):
    assert serving.predictor().name == "base"
    run = training_runs.request(preset="finetune")

    version = trainer.retrain(run.pk)

    run.refresh_from_db()
    assert run.status == Status.DONE, run.message
    assert run.version == version
    assert run.exam.outcome == "promoted"
    assert run.exam.champion == champion
    assert model_versions.current() == version
    assert version.parent == champion
    assert version.promotions.get().former == champion
    serving._loader.checked_at = -9
    assert serving.predictor().name == version.name
    events = list(
        RunEvent.objects.filter(run=run).values_list("data__epoch", flat=True)
    )
    assert events == [1, 2, 3]
    assert not Checkpoint.objects.exists()


def test_a_worse_challenger_is_kept_back(champion, faces, fake_ml):
    fake_ml("--knows", 1)
    run = training_runs.request(preset="finetune")

    version = trainer.retrain(run.pk)

    assert run.__class__.objects.get().exam.outcome == "kept"
    assert model_versions.current() == champion
    assert version.promotions.count() == 0


def test_the_scratch_is_private_and_gone_when_the_run_ends(
    champion, faces, fake_ml, settings
):
    run = training_runs.request(preset="quick")
    fake_ml("--pace", 0.5)
    thread = work_on(run)
    folder = Path(settings.MIEN_DATA) / "scratch" / f"run-{run.pk}-1"
    wait_for(lambda: (folder / "snapshot" / "manifest.json").exists())
    assert folder.stat().st_mode & 0o777 == 0o700
    thread.join()
    assert not folder.exists()


def test_a_message_that_comes_three_times_makes_one_version(champion, faces, fake_ml):
    run = training_runs.request(preset="quick")
    fake_ml("--pace", 0.1)
    threads = [work_on(run) for _ in range(3)]
    for thread in threads:
        thread.join()
    trainer.retrain(run.pk)
    run.refresh_from_db()
    assert run.status == Status.DONE
    assert run.attempt == 1
    assert ModelVersion.objects.filter(origin="trained").count() == 1


def test_a_cancelled_run_ends_long_before_its_time(champion, faces, fake_ml):
    fake_ml("--pace", 600)
    run = training_runs.request(preset="quick")
    thread = work_on(run)
    wait_for(lambda: TrainingRun.objects.get().status == Status.TRAINING)
    training_runs.cancel(run)
    thread.join(PATIENCE)
    assert not thread.is_alive()
    run.refresh_from_db()
    assert run.status == Status.CANCELLED
    assert not ModelVersion.objects.filter(run=run).exists()


def test_a_child_that_ignores_the_polite_word_is_killed(champion, faces, fake_ml):
    fake_ml("--fail", "hang")
    run = training_runs.request(preset="quick")
    thread = work_on(run)
    wait_for(lambda: RunEvent.objects.exists())
    training_runs.cancel(run)
    thread.join(PATIENCE)
    assert not thread.is_alive()
    run.refresh_from_db()
    assert run.status == Status.CANCELLED


def test_a_worker_that_is_told_to_end_hands_its_run_back_and_takes_none(
    champion, faces, fake_ml, request
):
    request.addfinalizer(run_lease._is_shutting_down.clear)
    fake_ml("--pace", 600)
    run = training_runs.request(preset="quick")
    thread = work_on(run)
    wait_for(lambda: TrainingRun.objects.get().status == Status.TRAINING)
    run_lease.stop_all()
    thread.join(PATIENCE)
    run.refresh_from_db()
    assert run.status == Status.QUEUED
    assert run.losses == 0
    trainer.retrain(run.pk)
    run.refresh_from_db()
    assert run.status == Status.QUEUED


def test_the_next_attempt_goes_on_from_the_checkpoint(champion, faces, fake_ml):
    fake_ml("--pace", 0.5, "--fail", "memory", "--at", 3)
    run = training_runs.request(preset="quick")
    trainer.retrain(run.pk)
    run.refresh_from_db()
    assert (run.status, run.losses) == (Status.QUEUED, 1)
    fake_ml("--epochs", 4)

    trainer.retrain(run.pk)

    run.refresh_from_db()
    assert run.status == Status.DONE
    events = run.events.values_list("attempt", "data__epoch", "data__resumed_after")
    first, second = ([e[1:] for e in events if e[0] == attempt] for attempt in (1, 2))
    assert first == [(1, 0), (2, 0)]
    saved = second[0][1]  # where saving is slow, not every epoch is saved
    assert saved >= 1
    assert second == [(epoch, saved) for epoch in range(saved + 1, 5)]
    assert Snapshot.objects.filter(run=run).count() == 1


def test_a_run_whose_memory_never_suffices_fails_after_two_attempts(
    champion, faces, fake_ml
):
    fake_ml("--fail", "memory")
    run = training_runs.request(preset="quick")
    for _ in range(3):
        trainer.retrain(run.pk)
    run.refresh_from_db()
    assert run.status == Status.FAILED
    assert run.attempt == 2
    assert "memory" in run.message


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("disk", "The disk is full."),
        ("refuse", "There is nothing in it."),
        ("damage", "damaged"),
        ("garble", "epoch.loss: field required"),
    ],
)
def test_a_run_that_comes_to_harm_says_why(champion, faces, fake_ml, harm, told):
    fake_ml("--fail", harm)
    run = training_runs.request(preset="quick")
    trainer.retrain(run.pk)
    run.refresh_from_db()
    assert run.status == Status.FAILED
    assert told in run.message
    assert model_versions.current() == champion


def test_a_face_withdrawn_during_the_run_keeps_the_challenger_back(
    champion, faces, fake_ml
):
    fake_ml("--pace", 0.5)
    run = training_runs.request(preset="quick")
    thread = work_on(run)
    wait_for(lambda: TrainingRun.objects.get().status == Status.TRAINING)
    faces[0].delete()
    thread.join()
    run.refresh_from_db()
    assert run.status == Status.DONE
    assert run.version.contaminated_at is not None
    assert run.exam.outcome == "kept"
    assert model_versions.current() == champion


def test_a_champion_changed_during_the_exam_means_another_exam(
    champion, faces, fake_ml, tmp_path
):
    fake_ml("--epochs", 1, "--pace", 1)
    tiny_model.make_artefact(tmp_path / "other", name="other", knows=3)
    other = model_versions.register_shipped(tmp_path / "other")
    run = training_runs.request(preset="quick")
    thread = work_on(run)
    wait_for(lambda: TrainingRun.objects.get().status == Status.EXAMINING)
    model_versions.override(other, by=make_user("trainer"), reason="a trial")
    thread.join()
    run.refresh_from_db()
    assert run.exam.champion == other


def test_without_any_champion_the_first_one_that_is_trained_serves(faces, fake_ml):
    run = training_runs.request(preset="quick")
    version = trainer.retrain(run.pk)
    run.refresh_from_db()
    assert run.status == Status.DONE, run.log
    assert model_versions.current() == version
    assert version.promotions.get().kind == "first"


def test_private_test_is_measured_once_and_only_after_the_decision(
    champion, faces, fake_ml, settings, tmp_path
):
    (tmp_path / "fer2013.csv").write_text("stands in")
    settings.FER2013 = tmp_path / "fer2013.csv"
    trainer.measure(champion.pk)
    champion.refresh_from_db()
    assert champion.private_test is None
    run = training_runs.request(preset="quick")
    version = trainer.retrain(run.pk)
    trainer.measure(version.pk)
    version.refresh_from_db()
    assert version.private_test["split"] == "private"


def test_the_child_learns_no_secrets(settings, monkeypatch):
    passwords = ("SECRET_KEY", "POSTGRES_PASSWORD", "MIEN_ADMIN_PASSWORD")
    for name in passwords:
        monkeypatch.setenv(name, "not for children")
    code = "import os, json; print(json.dumps(dict(os.environ)))"
    settings.ML_COMMAND = [sys.executable, "-c", code]
    from workers.retrain import ml_subprocess

    said = ml_subprocess.ask([], go_on=lambda: None)
    assert "not for children" not in said.values()
    assert "DATABASE_URL" not in said
    assert said["PATH"] == os.environ["PATH"]


def work_on(run):
    """A worker, as a thread with a database connection of its own."""
    from django.db import connection

    def work():
        try:
            trainer.retrain(run.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
