"""The report of an exam: `ml compare` writes it, the database keeps it, people read it.

Format 1 named a changed face by its reference alone and had no differences of classes
and slices; such reports are kept for good.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import ValidationError, model_validator

from ml.artefact.figures import Figures, ImageSlice, Interval, Share
from ml.errors import BadInput, first_problem
from ml.json_model import JsonModel

FORMAT = 2

Outcome = Literal["promoted", "kept", "rejected"]


class Slice(JsonModel):
    """A part of the exam, as "public" or "community", and how many faces it has."""

    name: str
    n: int


class ExamFaces(JsonModel):
    """Which faces both were examined on; `hash` is over their pixels and labels."""

    hash: str
    n: int = 0
    slices: tuple[Slice, ...] = ()


class CandidateFigures(Figures):
    """One side's column: how it did, and what it costs."""

    recall: Mapping[str, Share] = {}
    name: str = ""
    slices: Mapping[str, Share] = {}
    images: Mapping[str, ImageSlice] = {}  # see ml/evaluation/image_slices.py
    ferplus: float | None = None  # share of the raters' majority that it agrees with
    bytes: int | None = None
    multiply_adds: int | None = None
    ms: float | None = None  # a face


class Difference(JsonModel):
    """Challenger minus champion. `low` and `high` are of the accuracy; McNemar's p is
    of the faces that only one of the two got right."""

    accuracy: float | None = None
    low: float | None = None
    high: float | None = None
    macro_f1: Interval | None = None
    ferplus: Interval | None = None
    recall: Mapping[str, Interval | None] = {}
    slices: Mapping[str, Interval | None] = {}
    mcnemar_p: float | None = None
    champion_only: int | None = None
    challenger_only: int | None = None

    @property
    def accuracy_interval(self) -> Interval:
        return Interval(value=self.accuracy, low=self.low, high=self.high)


class Guard(JsonModel):
    """A guard-rail: broken where harm is shown and large enough to matter. `loss`:
    the share of its `n` faces that the challenger lost, net; of a ceiling `n` is the
    value."""

    name: str
    n: int = 0
    loss: float = 0.0
    p: float | None = None
    broken: bool = False


class Reason(JsonModel):
    """Why it came out so. `code` says which of the others there are: the right answers
    of both, the p that was asked for, or all of a broken guard."""

    code: str
    champion: int | None = None
    challenger: int | None = None
    n: int | None = None
    p: float | None = None
    name: str | None = None
    loss: float | None = None
    broken: bool | None = None


class ChangedFace(JsonModel):
    """A face that one of the two got right, and what both predicted: a reference, never
    pixels. Of a withdrawn face "withdrawn" is left."""

    ref: str
    label: str | None = None
    champion: str | None = None
    challenger: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_format_1(cls, content: object) -> object:
        return {"ref": content} if isinstance(content, str) else content

    @property
    def answers(self) -> list[str]:
        """The champion's, then the challenger's."""
        return [answer for answer in (self.champion, self.challenger) if answer]


class ChangedFaces(JsonModel):
    fixed: tuple[ChangedFace, ...] = ()
    broken: tuple[ChangedFace, ...] = ()


class ExamReport(JsonModel):
    """`ml compare --json`. `champion` and `difference` are null for the first model;
    a `policy` is one of ml/config.py's."""

    format: int = FORMAT
    policy: str
    exam: ExamFaces
    champion: CandidateFigures | None = None
    challenger: CandidateFigures = CandidateFigures()
    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    sentence: str
    difference: Difference | None = None
    guards: tuple[Guard, ...] = ()
    changed: ChangedFaces = ChangedFaces()


class StoredReport(ExamReport):
    """As an exam's row keeps it, of any format: what is not there, or is odd, is empty.
    Policy and outcome are the row's own."""

    policy: str = ""
    exam: ExamFaces = ExamFaces(hash="")
    outcome: Outcome = "kept"
    sentence: str = ""


def parse(content: object) -> ExamReport:
    """A report from the object that its JSON holds. Raises BadInput, which names the
    field that is wrong."""
    try:
        return ExamReport.model_validate(content)
    except ValidationError as error:
        problem = first_problem(error)
        raise BadInput(f"The exam's report is no good: {problem}.") from error
