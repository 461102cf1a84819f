from django.db import models
from django.db.models import Q


class Fer2013TestSet(models.Model):
    """What copies of FER-2013's test faces are known by, in one row: FER-2013 itself
    lies where training happens, and faces are given elsewhere."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sha256 = models.CharField(max_length=64, help_text="Of the signatures.")
    signatures = models.BinaryField(help_text="One after the other; no picture.")

    class Meta:
        constraints = [
            models.CheckConstraint(name="one_fer2013_test_set", condition=Q(id=1)),
        ]

    def __str__(self) -> str:
        return self.sha256[:12]
