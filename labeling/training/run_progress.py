"""How far a run is and how long it still takes: one answer for pages, API and shell.

A worker tells of its training alone. The export and the exam come after it, and count
too: by how long they took in former runs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.db.models import Max, QuerySet
from django.utils import timezone

from labeling.models import TrainingRun

Status = TrainingRun.Status

# Before any run of a preset has finished here, measured on two cores (seconds).
FIRST_GUESS = {"quick": 150, "finetune": 720, "full": 2400}
FIRST_GUESS_AFTER_TRAINING = 75  # the export and the exam, for any preset
LATEST = 5  # runs that are looked at
ALMOST = 0.95  # of the exam's share: it is not over before it is over


@dataclass(frozen=True)
class Outlook:
    share: float  # 0 to 1, of the whole run
    seconds_left: float | None  # none where nothing is left to do


def of(run: TrainingRun) -> Outlook:
    if not run.is_active:
        return Outlook(run.progress, None)
    whole, after = estimate(run.preset), _after_training(run.preset)
    training = max(0.5, 1 - after / whole)  # its part of the whole
    if run.status == Status.EXAMINING or run.progress >= 1:
        passed = _seconds_since_training(run)
        examined = min(passed / after, ALMOST)
        share = training + (1 - training) * examined
        return Outlook(share, max(after - passed, 0.0))
    share = training * run.progress
    if run.seconds_left is None:
        return Outlook(share, whole * (1 - share))
    return Outlook(share, run.seconds_left + after)


def estimate(preset: str) -> float:
    """About how many seconds a run of this preset takes here."""
    done = _finished(preset).values_list("started_at", "finished_at")[:LATEST]
    return _median(done) or float(FIRST_GUESS[preset])


def _after_training(preset: str) -> float:
    """About how many seconds it takes from the last epoch to the verdict."""
    done = _finished(preset).annotate(trained_at=Max("events__created_at"))
    known = done.exclude(trained_at=None).values_list("trained_at", "finished_at")
    return max(_median(known[:LATEST]) or FIRST_GUESS_AFTER_TRAINING, 1.0)


def _median(spans: Iterable[tuple[Any, Any]]) -> float | None:
    """Of what lies between two moments, in seconds; none without any."""
    took = [(end - start).total_seconds() for start, end in spans if start and end]
    return float(median(took)) if took else None


def _finished(preset: str) -> "QuerySet[TrainingRun]":
    done = TrainingRun.objects.filter(preset=preset, status=Status.DONE, losses=0)
    return done.exclude(started_at=None)


def _seconds_since_training(run: TrainingRun) -> float:
    trained_at = run.events.aggregate(at=Max("created_at"))["at"]
    if trained_at is None:
        return 0.0
    passed: float = (timezone.now() - trained_at).total_seconds()
    return max(passed, 0.0)
