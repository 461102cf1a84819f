"""What may be asked of a retraining, and whether there is anything to train on."""

import dataclasses
from typing import Any

from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from labeling.errors import Refused
from labeling.models import Contribution, TrainingRun
from labeling.models.user import DatasetSplit
from ml import config

STARTS = ("champion", "scratch")
MOST_WEIGHT = 20.0

# Without FER-2013 a run has the contributions alone: fewer than these teach nothing,
# and an exam of fewer faces decides nothing.
LEAST_TRAIN_FACES = 70
LEAST_EXAM_FACES = 30


def clean(preset: str, options: dict[str, Any]) -> dict[str, Any]:
    """The wishes for a run, checked and with only what differs from the defaults.

    start: "champion" (warm) or "scratch". weight: how much a contribution counts
    against a face of FER-2013. policy: of the gate. set: knobs of ml/config.py, of
    which network, epochs and seed may also stand alone.
    """
    if preset not in TrainingRun.Preset.values:
        raise Refused("unknown_preset", _("There is no such preset."), field="preset")
    knobs = dict(options.get("set") or {})
    for name in ("network", "epochs", "seed"):
        if options.get(name) not in (None, ""):
            knobs[name] = options[name]
    wishes: dict[str, Any] = {}
    if knobs:
        wishes["set"] = {name: _knob(name, value) for name, value in knobs.items()}
    if options.get("start"):
        wishes["start"] = _one_of("start", options["start"], STARTS)
    if options.get("policy"):
        wishes["policy"] = _one_of("policy", options["policy"], config.GATE_POLICIES)
    if options.get("weight") not in (None, ""):
        wishes["weight"] = _weight(options["weight"])
    unknown = set(options) - {
        *("set", "start", "policy", "weight", "network", "epochs", "seed")
    }
    if unknown:
        raise _bad("set", ", ".join(sorted(unknown)))
    return wishes


def starts_warm(run: TrainingRun) -> bool:
    """Unless said otherwise, only fine-tuning continues from the champion."""
    start = run.options.get("start")
    return bool(start == "champion" or (not start and run.preset == "finetune"))


def check_data() -> None:
    """Refuse a run that could not learn or could not be examined."""
    if settings.FER2013:
        if settings.FER2013.exists():
            return
        raise Refused(
            "no_fer2013",
            format_lazy(
                _("The setting FER2013 names {path}, and nothing is there."),
                path=settings.FER2013,
            ),
        )
    accepted = Contribution.objects.accepted()
    train = accepted.filter(split=DatasetSplit.TRAIN)
    exam = accepted.filter(split=DatasetSplit.EXAM).count()
    emotions = train.values("decided_emotion").distinct().count()
    if train.count() < LEAST_TRAIN_FACES or emotions < 2 or exam < LEAST_EXAM_FACES:
        raise too_little(train.count(), exam)


def too_little(train: int, exam: int) -> Refused:
    return Refused(
        "too_little_data",
        format_lazy(
            _(
                "There is too little to train on: {train} accepted faces to learn from "
                "and {exam} for the exam. Without FER-2013 at least {least_train} of "
                "two or more emotions and {least_exam} are needed."
            ),
            train=train,
            exam=exam,
            least_train=LEAST_TRAIN_FACES,
            least_exam=LEAST_EXAM_FACES,
        ),
    )


def _knob(name: str, value: Any) -> Any:
    try:
        _name, parsed = config.parse_knob(f"{name}={value}")
    except ValueError:
        raise _bad("set", name) from None
    if isinstance(parsed, tuple) or name in ("preset", "emotions"):
        raise _bad("set", name)
    return parsed


def knobs() -> list[str]:
    """The names that `set` takes."""
    fixed = {"preset", "emotions"}
    return [f.name for f in dataclasses.fields(config.Config) if f.name not in fixed]


def _one_of(field: str, value: Any, known: tuple[str, ...]) -> str:
    if value not in known:
        raise _bad(field, str(value))
    return str(value)


def _weight(value: Any) -> float:
    try:
        weight = float(value)
    except (TypeError, ValueError):
        raise _bad("weight", str(value)) from None
    if not 0 < weight <= MOST_WEIGHT:
        raise _bad("weight", str(value))
    return weight


def _bad(field: str, value: str) -> Refused:
    sentence = _("This cannot be set for a run, or not to that: {value}")
    return Refused("bad_option", format_lazy(sentence, value=value), field=field)
