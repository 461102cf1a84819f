from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from labeling.models.contribution import Contribution


class FaceReport(models.Model):
    """Somebody says that a shown face must not be here. It is hidden from then on; what
    was decided stands in the audit log."""

    class Reason(models.TextChoices):
        CHILD = "child", _("it shows a child")
        NOT_AGREED = "not_agreed", _("the person did not agree")
        ABUSE = "abuse", _("it shows abuse, or shames somebody")

    contribution = models.OneToOneField(
        Contribution,
        verbose_name=_("face"),
        on_delete=models.CASCADE,
        related_name="report",
    )
    reason = models.CharField(max_length=10, choices=Reason)
    created_at = models.DateTimeField(db_default=Now())
    alerted_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the operator was sent a mail.")
    )
    former_status = models.CharField(max_length=10, choices=Contribution.Status)
    was_shown = models.BooleanField(help_text=_("To voters."))

    class Meta:
        verbose_name, verbose_name_plural = _("reported face"), _("reported faces")
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(alerted_at=None),
                name="not_alerted_yet",
            )
        ]

    def __str__(self) -> str:
        return f"{self.contribution_id}: {self.reason}"


class RemovedPicture(models.Model):
    """By its fingerprint alone a picture that was removed is known again."""

    fingerprint = models.BinaryField(
        max_length=18, unique=True, help_text=_("See ml/vision/fingerprint.py.")
    )
    removed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"removed {self.removed_at:%Y-%m-%d}"
