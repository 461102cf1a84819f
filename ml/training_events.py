"""What `python -m ml train --json` says while it trains: one JSON object a line.

The command writes these events, the workers read them, and a run's page draws its
curves from the figures that were kept of each epoch. Nothing here loads a network.
"""

import json
from collections.abc import Callable
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ml.errors import first_problem


class BadEvent(ValueError):
    """An event that lacks a field, or whose field does not fit; str() names it."""


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True)

    def to_line(self) -> str:
        return json.dumps(self.model_dump())


class Start(_Event):
    event: Literal["start"] = "start"
    epochs: int
    rows: int  # faces to learn from
    tune_rows: int
    mixed_bfloat16: bool


class Step(_Event):
    """About once a second."""

    event: Literal["step"] = "step"
    progress: float  # 0 to 1, of the whole run
    seconds_left: float


def _is_none(value: object) -> bool:
    return value is None


# A figure that not every run has: its key is left out where there is none.
_Rare = Annotated[float | None, Field(default=None, exclude_if=_is_none)]


class EpochFigures(_Event):
    """What is kept of an epoch: in a checkpoint, in report.json and in Postgres, where
    rows of other versions lie too. Shares are 0 to 1."""

    model_config = ConfigDict(extra="allow")

    event: Literal["epoch"] = "epoch"
    epoch: int  # from 1
    epochs: int
    loss: float
    accuracy: float
    pipeline: _Rare  # share of the time in which the network did not wait for batches
    tune_loss: float | None = None  # without Tune, as the accuracy
    tune_accuracy: float | None = None
    tune_label_head: _Rare
    tune_votes_head: _Rare
    tune_votes: _Rare
    rate: _Rare  # learning rate at its end


class Epoch(EpochFigures):
    seconds_left: float
    checkpoint: str  # folder

    @classmethod
    def of(cls, kept: EpochFigures, *, seconds_left: float, checkpoint: str) -> Self:
        told = {"seconds_left": seconds_left, "checkpoint": checkpoint}
        return cls.model_validate(kept.model_dump() | told)


class Done(_Event):
    event: Literal["done"] = "done"
    folder: str
    metrics: dict[str, object]  # split -> figures, as in card.json


WORKER_LOST = "worker_lost"  # the code of an error after which it may be resumed


class Error(_Event):
    event: Literal["error"] = "error"
    code: str
    message: str  # one sentence


Event = Start | Step | Epoch | Done | Error
EventHandler = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """A handler, where nobody wants to be told."""


_events: TypeAdapter[Event] = TypeAdapter(
    Annotated[Event, Field(discriminator="event")]
)


def parse(line: str) -> Event | None:
    """The event of a line; None where it holds something else. Raises BadEvent."""
    try:
        return _events.validate_json(line)
    except ValidationError as error:
        if not error.errors()[0]["loc"]:  # it is the whole line, not a field
            return None
        raise BadEvent(f"The training's event {first_problem(error)}") from error
