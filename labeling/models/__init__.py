"""The rows that remember. One file per noun; state changes live beside this package
(`contributions/offers.py`, `review/decisions.py`, …), never in `save()`."""

from labeling.models.audit_entry import AuditEntry
from labeling.models.contribution import (
    Contribution,
    Crop,
    FaceVector,
    SpentToken,
)
from labeling.models.dataset_release import DatasetRelease, ReleasedFace
from labeling.models.face_report import FaceReport, RemovedPicture
from labeling.models.feedback import PredictionFeedback
from labeling.models.fer2013_test_set import Fer2013TestSet
from labeling.models.review import Review
from labeling.models.session import Session
from labeling.models.site import SiteRecord, SiteStats
from labeling.models.snapshot import Snapshot, SnapshotRow
from labeling.models.training_run import (
    Checkpoint,
    RunEvent,
    TrainingHost,
    TrainingRun,
)
from labeling.models.user import ApiToken, DatasetSplit, Scope, User
from labeling.models.version import Exam, ModelFile, ModelVersion, Promotion
from labeling.models.vote import Suspect, Vote
from labeling.models.webhook import Webhook, WebhookDelivery
from labeling.models.withdrawal import Erasure, Withdrawal

__all__ = [
    "PredictionFeedback",
    "ApiToken",
    "AuditEntry",
    "Checkpoint",
    "Contribution",
    "Crop",
    "DatasetRelease",
    "Erasure",
    "Exam",
    "FaceReport",
    "FaceVector",
    "Fer2013TestSet",
    "Scope",
    "SiteRecord",
    "SiteStats",
    "ModelFile",
    "ModelVersion",
    "Promotion",
    "RemovedPicture",
    "ReleasedFace",
    "Review",
    "RunEvent",
    "Session",
    "DatasetSplit",
    "Snapshot",
    "SnapshotRow",
    "SpentToken",
    "Suspect",
    "TrainingHost",
    "TrainingRun",
    "User",
    "Vote",
    "Webhook",
    "WebhookDelivery",
    "Withdrawal",
]
