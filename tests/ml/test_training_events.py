"""A training's lines: written by `python -m ml train --json`, read by the workers."""

import json

import pytest

from ml import training_events
from ml.training_events import (
    BadEvent,
    Done,
    Epoch,
    EpochFigures,
    Error,
    Event,
    Start,
    Step,
)

EPOCH = {
    "event": "epoch",
    "epoch": 2,
    "epochs": 6,
    "loss": 1.25,
    "accuracy": 0.5,
    "pipeline": 0.97,
    "tune_loss": 1.5,
    "tune_accuracy": 0.25,
    "tune_label_head": 0.25,
    "tune_votes_head": 0.5,
    "tune_votes": 0.75,
    "rate": 0.1,
    "seconds_left": 12.5,
    "checkpoint": "out/checkpoint",
}
# As these lines have always been; programs of other people read them too.
LINES: dict[type[Event], str] = {
    Start: '{"event": "start", "epochs": 6, "rows": 378, "tune_rows": 42, '
    '"mixed_bfloat16": false}',
    Step: '{"event": "step", "progress": 0.25, "seconds_left": 12.5}',
    Epoch: json.dumps(EPOCH),
    Done: '{"event": "done", "folder": "out", "metrics": '
    '{"tune": {"n": 42, "accuracy": 0.5, "ferplus": null}}}',
    Error: '{"event": "error", "code": "bad_data", "message": "There is no file."}',
}


@pytest.mark.parametrize("kind", LINES, ids=lambda kind: kind.__name__.lower())
def test_a_line_of_each_kind_is_read_and_written_the_same(kind: type[Event]) -> None:
    event = training_events.parse(LINES[kind])
    assert type(event) is kind
    assert event.to_line() == LINES[kind]


def test_without_tune_its_figures_are_null_and_those_of_its_heads_are_left_out() -> (
    None
):
    heads = {"tune_label_head", "tune_votes_head", "tune_votes"}
    told = {key: value for key, value in EPOCH.items() if key not in heads}
    told |= {"tune_loss": None, "tune_accuracy": None}
    event = training_events.parse(json.dumps(told))
    assert event is not None
    assert event.to_line() == json.dumps(told)


@pytest.mark.parametrize(
    "line",
    ["", "Epoch 1/3", "[1]", "7", "null", '"start"', "{}", '{"event": "pause"}']
    + ['{"event": null}', '{"epoch": 1}'],
)
def test_a_line_that_is_no_event_is_passed_over(line: str) -> None:
    assert training_events.parse(line) is None


@pytest.mark.parametrize("field", ["epochs", "loss", "seconds_left", "checkpoint"])
def test_an_event_that_lacks_a_field_is_an_error_that_names_it(field: str) -> None:
    told = {key: value for key, value in EPOCH.items() if key != field}
    with pytest.raises(BadEvent, match=f"epoch.{field}: field required"):
        training_events.parse(json.dumps(told))


def test_a_field_of_another_type_is_an_error_that_names_it() -> None:
    with pytest.raises(BadEvent, match="step.progress: input should be a valid number"):
        training_events.parse('{"event": "step", "progress": "half"}')


def test_figures_of_another_version_are_read_and_what_they_add_is_kept() -> None:
    old = {"event": "epoch", "epoch": 1, "epochs": 3, "loss": 1.0, "accuracy": 0.5}
    figures = EpochFigures.model_validate(old | {"resumed_after": 2})
    assert (figures.rate, figures.tune_accuracy) == (None, None)
    assert figures.model_dump()["resumed_after"] == 2
