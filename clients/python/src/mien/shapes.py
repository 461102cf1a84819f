"""What a site answers with. Fields of later versions are kept out of the way: they are
neither an error nor here."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Face(Shape):
    """`box`: x, y, width and height in pixels of the upright photo. `crop` and `token`
    come with `crops=True`, and go back unchanged in `Client.give`."""

    box: tuple[int, int, int, int]
    score: float
    emotion: str
    is_sure: bool
    runner_up: str | None = None
    doubt: str | None = None
    probabilities: dict[str, float]
    crop: str = ""
    token: str = ""
    evidence: list[list[int]] = []


class Photo(Shape):
    model: str
    answer: str = "mix"
    detector: str
    width: int
    height: int
    note: str | None = None
    faces: list[Face]


class Gift(Shape):
    """`withdrawal` is the private link of who gave without an account. Keep it: nobody
    can show it again."""

    id: UUID
    emotion: str
    status: str
    is_second_label: bool = False
    withdrawal: str | None = None


class GivenFace(Shape):
    id: UUID
    given_at: datetime
    emotion: str
    status: str
    decided_emotion: str | None = None
    vote_count: int = 0
    versions: list[str] = []


class Receipt(Shape):
    withdrawn_at: datetime
    withdrawn: list[UUID]
    unknown: int = 0
    contaminated: list[str] = []
    released: int = 0


class FaceUnderReview(Shape):
    id: UUID
    given_at: datetime
    status: str
    emotion: str
    decided_emotion: str | None = None
    source: str
    model_emotion: str | None = None
    model_probabilities: dict[str, float] | None = None
    vote_count: int = 0
    agreement: float | None = None


class Training(Shape):
    id: int
    preset: str
    status: str
    progress: float
    seconds_left: float | None = None
    message: str = ""
    version: str | None = None
    outcome: str | None = None
    verdict: str | None = None

    @property
    def is_over(self) -> bool:
        return self.status in {"done", "failed", "cancelled"}


class Model(Shape):
    name: str
    created_at: datetime
    emotions: list[str]
    detector: str
    card: dict[str, Any]
