"""The public figures of a site: what /data/ shows, and /data/numbers.json says."""

from datetime import date

from pydantic import BaseModel, ConfigDict


class _Counted(BaseModel):
    model_config = ConfigDict(frozen=True)


class EmotionCounts(_Counted):
    emotion: str
    given: int  # as their givers named it
    accepted: int  # of these
    shown: int  # that are held to show it


class Weeks(_Counted):
    """From the first week in which a face was given to this one."""

    starts: tuple[date, ...]  # Mondays
    given: dict[str, tuple[int, ...]]  # emotion -> faces in each week


class Backlog(_Counted):
    oldest: str | None  # ISO 8601: when the face that waits longest was given
    decided_in_a_week: int


class Votes(_Counted):
    count: int
    voters: int  # with an account
    choices: dict[str, int]


class Agreement(_Counted):
    """Krippendorff's alpha of the votes: 1 agree always, 0 as if by chance.

    None where nothing could be compared: no face with two votes, or one answer only.
    """

    alpha: float | None
    faces: int  # with two votes or more


class Corrections(_Counted):
    """How often people said that a version was wrong, with the 95 % interval."""

    version: str
    answers: int
    wrong: int
    low: float  # share, 0 to 1
    high: float


class Figures(_Counted):
    given: int
    accepted: int
    rejected: int
    waiting: int
    withdrawn: int
    givers: int  # with an account
    emotions: tuple[EmotionCounts, ...]
    have: dict[str, int]  # emotion -> faces not rejected that are held to show it
    weeks: Weeks
    backlog: Backlog
    votes: Votes
    agreement: Agreement
    corrections: tuple[Corrections, ...]  # by version, oldest first


class DatedFigures(Figures):
    counted_at: str  # ISO 8601
