from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


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
