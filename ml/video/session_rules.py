"""The rules of a session, as `session.json` has them.

They stand once: `python -m ml watch` reads them here, and the live page is given the
same file. JSON has no comments, so what each one means is said here.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATH = Path(__file__).with_name("session.json")


@dataclass(frozen=True)
class FlashRules:
    """A flash: an expression that comes and goes, between two looks of the same."""

    longest_seconds: float  # what lasts as long is no flash
    least_looks: int  # in a row; fewer are noise
    least_probability: float  # the mean of its looks, each by itself


@dataclass(frozen=True)
class ReturningRules:
    """Somebody who left and comes back is the same, where place and look allow."""

    longest_seconds: float  # who stays away as long is somebody new
    least_overlap: float  # of the union, with the place that was left
    least_likeness: float  # of the looks, 0 to 1: then and now


@dataclass(frozen=True)
class MomentRules:
    most: int  # strongest moments in a summary


@dataclass(frozen=True)
class SessionRules:
    smoothing_seconds: float  # until an old look counts for 1/e
    switch_lead: float  # another emotion takes over once it leads by this much
    least_overlap: float  # of the union, from which two boxes may be one face
    memory_seconds: float  # a face missed for so long has left
    returning: ReturningRules
    longest_step_seconds: float  # a longer pause between two frames counts as this
    least_seconds_of_a_face: float  # shorter ones are found by mistake
    resting_emotion: str  # what is neither a moment nor a flash
    flash: FlashRules
    moments: MomentRules

    @classmethod
    def of(cls, values: dict[str, Any]) -> "SessionRules":
        """Raises TypeError where a rule is missing, or one is there that we lack."""
        flash = FlashRules(**values["flash"])
        moments = MomentRules(**values["moments"])
        returning = ReturningRules(**values["returning"])
        parts = {"flash": flash, "moments": moments, "returning": returning}
        return cls(**{**values, **parts})


def as_json() -> Any:
    """The rules as plain values, for the live page's script."""
    return json.loads(PATH.read_text(encoding="utf-8"))


RULES = SessionRules.of(as_json())
