from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from labeling.models.training_run import TrainingRun


class Snapshot(models.Model):
    """What a run trained on, fixed for ever. Pixels are not in here."""

    run = models.OneToOneField(
        TrainingRun,
        verbose_name=_("run"),
        on_delete=models.CASCADE,
        related_name="snapshot",
    )
    hash = models.CharField(_("hash"), max_length=64, db_index=True)
    manifest = models.JSONField(
        _("manifest"), help_text=_("Sources, cleaning switches and counts.")
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name, verbose_name_plural = _("snapshot"), _("snapshots")

    def __str__(self) -> str:
        return self.hash[:12]


class SnapshotRow(models.Model):
    """One contribution in a snapshot: no foreign key, for it outlives a withdrawal,
    which leaves number, split and digest (see `labeling/registry/digests.py`)."""

    class Split(models.TextChoices):
        TRAIN = "train"
        EXAM = "exam"

    snapshot = models.ForeignKey(
        Snapshot, on_delete=models.CASCADE, related_name="rows"
    )
    contribution_id = models.UUIDField(db_index=True)
    label = models.JSONField(
        null=True, help_text=_("Seven probabilities, in FER-2013's order.")
    )
    weight = models.FloatField(null=True)
    split = models.CharField(max_length=5, choices=Split)
    source = models.CharField(max_length=10, blank=True)
    digest = models.BinaryField(
        max_length=32,
        help_text=_("HMAC over all of the row; its key lies with the face."),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["snapshot", "contribution_id"], name="a_face_once_a_snapshot"
            ),
            models.CheckConstraint(
                name="row_is_whole_or_erased",
                condition=models.Q(label__isnull=False, weight__isnull=False)
                | models.Q(label__isnull=True, weight__isnull=True, source=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contribution_id} ({self.split})"
