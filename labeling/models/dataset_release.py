from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from labeling.models.withdrawal import Withdrawal


class DatasetRelease(models.Model):
    """A dataset that was written for the world, and what is in it. Its files are where
    the operator has put them."""

    class Variant(models.TextChoices):
        ALL = "all", _("all faces")
        VALIDATED = "validated", _("faces that voters confirmed")
        SINCE = "since", _("faces that no earlier one has")
        METADATA = "metadata", _("all labels, without pictures")

    class Form(models.TextChoices):
        PARQUET = "parquet", _("Parquet files")
        FOLDERS = "folders", _("a folder for each expression")

    name = models.CharField(max_length=80, unique=True)
    variant = models.CharField(max_length=10, choices=Variant)
    form = models.CharField(max_length=10, choices=Form)
    url = models.URLField(
        max_length=500, blank=True, help_text=_("Where it can be downloaded.")
    )
    license = models.CharField(max_length=200, blank=True)
    emotions = models.JSONField(default=dict, help_text=_("Faces of each."))
    size = models.PositiveBigIntegerField(default=0, help_text=_("Bytes of all files."))
    checksum = models.CharField(
        max_length=64, blank=True, help_text=_("SHA-256 of its SHA256SUMS.")
    )
    consents = models.JSONField(default=list, help_text=_("Versions of their texts."))
    before = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("The last one of its variant: what has changed since."),
    )
    added = models.PositiveIntegerField(default=0)
    gone = models.PositiveIntegerField(default=0)
    croissant = models.JSONField(default=dict, help_text=_("croissant.json"))
    began_at = models.DateTimeField(db_default=Now())
    made_at = models.DateTimeField(
        null=True, help_text=_("Empty: it was never finished.")
    )

    class Meta:
        ordering = ["-pk"]
        verbose_name, verbose_name_plural = _("dataset release"), _("dataset releases")

    def __str__(self) -> str:
        return self.name

    @property
    def count(self) -> int:
        return sum(self.emotions.values())

    def withdrawn(self) -> "models.QuerySet[Withdrawal]":
        """Its faces that were taken back since."""
        return Withdrawal.objects.filter(pk__in=self.faces.values("face"))


class ReleasedFace(models.Model):
    """Which face stands in which release: a number alone, which outlives the face."""

    release = models.ForeignKey(
        DatasetRelease, on_delete=models.CASCADE, related_name="faces"
    )
    face = models.UUIDField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["release", "face"], name="a_face_once_a_release"
            )
        ]

    def __str__(self) -> str:
        return f"{self.face} in {self.release_id}"
