"""What may be asked of a retraining, and whether there is anything to train on."""

import dataclasses
from collections.abc import Mapping

from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict

from labeling.contributions import fer2013_test_set
from labeling.errors import Refused
from labeling.models import Contribution, TrainingRun
from labeling.models.user import DatasetSplit
from ml import config
from ml.config import Knobs, KnobValue

STARTS = ("champion", "scratch")
SHORTCUTS = ("network", "epochs", "seed")  # knobs that need no `set` around them
MOST_WEIGHT = 20.0
MOST_HOSTS = 16

# Without FER-2013 a run has the contributions alone: fewer than these teach nothing,
# and an exam of fewer faces decides nothing.
LEAST_TRAIN_FACES = 70
LEAST_EXAM_FACES = 30


class RunOptions(BaseModel):
    """What differs from the preset and the settings; `TrainingRun.options` keeps it."""

    model_config = ConfigDict(frozen=True)

    start: str = ""  # of STARTS; without one, as the preset has it
    policy: str = ""  # of config.GATE_POLICIES; without one, as the settings have it
    weight: float = 1.0  # of a contribution, against a face of FER-2013
    hosts: int = 1  # that train it together
    set: Knobs = {}  # knobs of ml/config.py

    def stored(self) -> dict[str, object]:
        return self.model_dump(exclude_unset=True)


def of(run: TrainingRun) -> RunOptions:
    return RunOptions.model_validate(run.options)


def clean(preset: str, wishes: Mapping[str, object]) -> RunOptions:
    """What is asked of a run, checked: fields of RunOptions, and SHORTCUTS. Raises
    Refused."""
    if preset not in TrainingRun.Preset.values:
        raise Refused("unknown_preset", _("There is no such preset."), field="preset")
    said = {name: wish for name, wish in wishes.items() if wish not in (None, "")}
    unknown = set(wishes) - {*RunOptions.model_fields, *SHORTCUTS}
    if unknown:
        raise _bad("set", ", ".join(sorted(unknown)))
    checked: dict[str, object] = {}
    if knobs := _knobs(said):
        checked["set"] = knobs
    if "start" in said:
        checked["start"] = _one_of("start", said["start"], STARTS)
    if "policy" in said:
        checked["policy"] = _one_of("policy", said["policy"], config.GATE_POLICIES)
    if "weight" in said:
        checked["weight"] = _weight(said["weight"])
    if "hosts" in said:
        checked["hosts"] = _hosts(said["hosts"])
    return RunOptions.model_validate(checked)


def starts_warm(run: TrainingRun) -> bool:
    """Unless said otherwise, all presets but the full one continue from the champion;
    not with a network of one's own, for which its weights do not fit."""
    wishes = of(run)
    if wishes.start:
        return wishes.start == "champion"
    return run.preset != TrainingRun.Preset.FULL and "network" not in wishes.set


def check_data() -> None:
    """Refuse a run that could not learn or could not be examined."""
    is_here = settings.FER2013 and settings.FER2013.exists()
    if is_here or fer2013_test_set.is_known():  # a training host has it
        return
    if settings.FER2013:
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


def _knobs(said: Mapping[str, object]) -> Knobs:
    chosen = said.get("set")
    knobs = dict(chosen) if isinstance(chosen, Mapping) else {}
    knobs |= {name: said[name] for name in SHORTCUTS if name in said}
    return {name: _knob(name, value) for name, value in knobs.items()}


def _knob(name: str, value: object) -> KnobValue:
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


def _one_of(field: str, value: object, known: tuple[str, ...]) -> str:
    if value not in known:
        raise _bad(field, str(value))
    return str(value)


def _weight(value: object) -> float:
    try:
        weight = float(str(value))
    except ValueError:
        raise _bad("weight", str(value)) from None
    if not 0 < weight <= MOST_WEIGHT:
        raise _bad("weight", str(value))
    return weight


def _hosts(value: object) -> int:
    if str(value) not in map(str, range(1, MOST_HOSTS + 1)):
        raise _bad("hosts", str(value))
    return int(str(value))


def _bad(field: str, value: str) -> Refused:
    sentence = _("This cannot be set for a run, or not to that: {value}")
    return Refused("bad_option", format_lazy(sentence, value=value), field=field)
