from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from labeling.models.user import User


class Suspect(models.Model):
    """Somebody who seems to be in league with others: see `labeling/voting/rings.py`.

    A voter is an account or a device, as with `Vote`.
    """

    class Role(models.TextChoices):
        GIVER = "giver", _("giver")
        VOTER = "voter", _("voter")

    role = models.CharField(max_length=10, choices=Role)
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="suspected"
    )
    device_hash = models.CharField(max_length=64, null=True, blank=True)
    belief = models.FloatField(help_text="How sure it is, 0 to 1.")
    found_at = models.DateTimeField(db_default=Now())
    cleared_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="A reviewer looked, and saw no league: it is not raised again.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role"], name="suspected_once_in_each_role"
            ),
            models.UniqueConstraint(fields=["device_hash"], name="suspect_device_once"),
            models.CheckConstraint(
                name="suspect_is_somebody",
                condition=Q(user__isnull=False, device_hash=None)
                | Q(user=None, device_hash__isnull=False, role="voter"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.user_id or 'on a device'}"
