from django.db import models
from django.db.models.functions import Now

from labeling.models.training_run import TrainingRun


class TrainingHost(models.Model):
    """One of the hosts that share an attempt of a run. The one in place 0 leads."""

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="hosts")
    attempt = models.PositiveSmallIntegerField()
    place = models.PositiveSmallIntegerField()
    address = models.TextField()
    heartbeat_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "attempt", field], name=f"one_host_a_{field}"
            )
            for field in ("place", "address")
        ]

    def __str__(self) -> str:
        return f"{self.address} in place {self.place} of run {self.run_id}"
