"""Training runs with exam reports as `ml compare` writes them, in round figures."""

from typing import Any

from django.utils import timezone

from labeling.models import Exam, RunEvent, TrainingRun
from ml.emotions import EMOTIONS
from tests.support.factories import make_run, make_version


def make_side(name: str, accuracy: float, **figures: Any) -> dict[str, Any]:
    right = round(100 * accuracy)
    rest = (100 - right) // 6
    matrix = [[right if i == j else rest for j in range(7)] for i in range(7)]
    recall = {
        e: {"value": accuracy, "low": accuracy - 0.05, "high": accuracy + 0.05}
        for e in EMOTIONS
    }
    return {
        "name": name,
        "accuracy": accuracy,
        "accuracy_ci": [accuracy - 0.01, accuracy + 0.01],
        "macro_f1": accuracy,
        "recall": recall,
        "confusion": matrix,
        "ece": 0.03,
        "ferplus": None,
        "bytes": 2_400_000,
        "multiply_adds": 94_000_000,
        "ms": 0.5,
        **figures,
    }


def make_difference(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.03, "high": value + 0.03, "n": 100}


def make_image_slice(value: float, low: float, high: float) -> dict[str, Any]:
    """Right on 60 % of such pictures; so much less than on all others."""
    difference = {"value": value, "low": low, "high": high, "n": 90}
    shares = {"value": 0.6, "low": 0.5, "high": 0.7, "n": 90}
    return shares | {"rest": {"value": 0.6 - value}, "difference": difference}


def make_report(**parts: Any) -> dict[str, Any]:
    return {
        "format": 2,
        "outcome": "promoted",
        "sentence": "Promoted: better.",
        "reasons": [{"code": "better"}],
        "policy": "improves",
        "exam": {"hash": "ab" * 32, "n": 700, "slices": [{"name": "public", "n": 700}]},
        "champion": make_side("old", 0.6),
        "challenger": make_side("new", 0.7),
        "difference": {
            "accuracy": 0.1,
            "low": 0.08,
            "high": 0.12,
            "mcnemar_p": 0.0001,
            "champion_only": 10,
            "challenger_only": 80,
            "macro_f1": make_difference(0.1),
            "ferplus": None,
            "recall": {e: make_difference(0.1) for e in EMOTIONS},
            "slices": {"public": make_difference(0.1)},
        },
        "guards": [
            {"name": "recall:angry", "n": 100, "loss": -0.1, "p": 0.9, "broken": False},
            {"name": "bytes", "n": 2_400_000, "loss": 0, "p": 1, "broken": False},
        ],
        "changed": {"fixed": [], "broken": []},
        **parts,
    }


def make_examined(outcome: str = "promoted", **report: Any) -> TrainingRun:
    run = make_run(status="done", started_at=timezone.now(), finished_at=timezone.now())
    challenger = make_version(
        f"mien-{run.pk}", run=run, private_test={"accuracy": 0.91}
    )
    Exam.objects.create(
        run=run,
        champion=make_version(),
        challenger=challenger,
        exam_hash="ab" * 32,
        policy="improves",
        outcome=outcome,
        report=make_report(outcome=outcome, **report),
    )
    return run


def make_learning(*, epochs: int = 12, of: int = 20) -> TrainingRun:
    """A run in the midst of its training, with its curves so far."""
    run = make_run(
        status="training",
        progress=epochs / of,
        seconds_left=125,
        started_at=timezone.now(),
        heartbeat_at=timezone.now(),
    )
    for epoch in range(1, epochs + 1):
        learned = 1 - 0.8**epoch
        event = {"event": "epoch", "epoch": epoch, "epochs": of}
        event |= {"loss": 1.9 - learned, "accuracy": 0.2 + 0.5 * learned}
        event |= {"tune_loss": 1.9 - 0.8 * learned}
        event |= {"tune_accuracy": 0.2 + 0.4 * learned}
        RunEvent.objects.create(run=run, attempt=1, data=event)
    return run
