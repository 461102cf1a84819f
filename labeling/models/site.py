import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class SiteRecord(models.Model):
    """What the site knows of itself, in one row; `SiteRecord.get()` has it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    key = models.UUIDField(
        default=uuid.uuid4, help_text="Tells its dumps and logs from another site's."
    )
    deletions = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="How often faces or accounts were deleted."
    )
    erased = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="Of these, whose bytes are gone as well."
    )
    deleted_at = models.DateTimeField(
        null=True, blank=True, help_text="The first deletion whose bytes may be left."
    )
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="one_site", condition=Q(id=1)),
        ]

    def __str__(self) -> str:
        return str(self.key)

    @classmethod
    def get(cls) -> "SiteRecord":
        return cls.objects.get_or_create(pk=1)[0]


class SiteStats(models.Model):
    """The public figures as last counted, in one row: a page reads and never counts.

    `site_stats.refresh` writes it, beat calls that every few minutes.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    data = models.JSONField()
    counted_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "labeling_figures"
        constraints = [models.CheckConstraint(name="figures_once", condition=Q(id=1))]

    def __str__(self) -> str:
        return f"figures of {self.counted_at:%Y-%m-%d %H:%M}"
