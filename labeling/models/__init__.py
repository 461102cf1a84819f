"""The rows that remember. One file per noun; state changes live beside this package
(`contributions.py`, `reviews.py`, …), never in `save()`."""

from labeling.models.answer import Answer
from labeling.models.contribution import Contribution, Crop, SpentToken
from labeling.models.figures import Figures
from labeling.models.review import Review
from labeling.models.snapshot import Snapshot, SnapshotRow
from labeling.models.training_run import Checkpoint, RunEvent, TrainingRun
from labeling.models.user import ApiToken, Side, User
from labeling.models.version import Exam, ModelFile, ModelVersion, Promotion
from labeling.models.vote import Vote
from labeling.models.withdrawal import Erasure, Withdrawal

__all__ = [
    "Answer",
    "ApiToken",
    "Checkpoint",
    "Contribution",
    "Crop",
    "Erasure",
    "Exam",
    "Figures",
    "ModelFile",
    "ModelVersion",
    "Promotion",
    "Review",
    "RunEvent",
    "Side",
    "Snapshot",
    "SnapshotRow",
    "SpentToken",
    "TrainingRun",
    "User",
    "Vote",
    "Withdrawal",
]
