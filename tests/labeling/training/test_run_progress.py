from datetime import timedelta

import pytest
from django.utils import timezone

from labeling.models import RunEvent, TrainingRun
from labeling.training import run_progress
from tests.support.factories import make_run

pytestmark = pytest.mark.django_db


def ended(*, took: float, after_training: float) -> TrainingRun:
    now = timezone.now()
    started = now - timedelta(seconds=took)
    run = make_run(status="done", started_at=started, finished_at=now)
    trained(run, seconds_ago=after_training)
    return run


def trained(run: TrainingRun, *, seconds_ago: float) -> None:
    event = RunEvent.objects.create(run=run, attempt=1, data={"event": "epoch"})
    at = timezone.now() - timedelta(seconds=seconds_ago)
    RunEvent.objects.filter(pk=event.pk).update(created_at=at)


def test_the_estimate_comes_from_what_former_runs_took() -> None:
    assert run_progress.estimate("quick") == run_progress.FIRST_GUESS["quick"]
    for minutes in (4, 5, 9):
        ended(took=minutes * 60, after_training=1)
    assert run_progress.estimate("quick") == pytest.approx(300, abs=2)


def test_what_is_said_before_a_start_is_what_a_waiting_run_has_left() -> None:
    ended(took=200, after_training=50)
    waiting = run_progress.of(make_run(status="queued"))
    assert waiting.share == 0
    assert waiting.seconds_left == pytest.approx(run_progress.estimate("quick"))


def test_a_run_that_has_trained_half_is_not_half_done_for_the_exam_counts() -> None:
    ended(took=200, after_training=50)
    half = run_progress.of(make_run(status="training", progress=0.5, seconds_left=75))
    assert half.share == pytest.approx(0.375, abs=0.01)
    assert half.seconds_left == pytest.approx(125, abs=2)


def test_in_the_exam_the_bar_goes_on_and_never_stands_at_the_end() -> None:
    ended(took=200, after_training=50)
    run = make_run(status="examining", progress=1.0, seconds_left=0)
    shares = [run_progress.of(run).share]
    for seconds in (20, 49, 3600):
        run.events.all().delete()
        trained(run, seconds_ago=seconds)
        shares.append(run_progress.of(run).share)
    assert shares == sorted(shares)
    assert shares[0] == pytest.approx(0.75, abs=0.01)
    assert shares[1] == pytest.approx(0.85, abs=0.01)
    assert shares[-1] < 0.99
    assert run_progress.of(run).seconds_left == 0


def test_of_a_run_that_is_over_nothing_is_left() -> None:
    run = ended(took=200, after_training=50)
    run.progress = 1.0
    assert run_progress.of(run) == run_progress.Outlook(1.0, None)
