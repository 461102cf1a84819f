from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from labeling.models.training_run import TrainingRun
from labeling.models.user import User


class ModelVersion(models.Model):
    """A trained network with its card; its files are `ModelFile` rows beside it."""

    class Origin(models.TextChoices):
        SHIPPED = "shipped", _("came with Mien")
        TRAINED = "trained", _("trained here")

    name = models.CharField(_("name"), max_length=40, unique=True)
    origin = models.CharField(_("origin"), max_length=10, choices=Origin)
    is_champion = models.BooleanField(
        _("current model"), default=False, db_default=False
    )
    run = models.OneToOneField(
        TrainingRun,
        verbose_name=_("run"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="version",
    )
    parent = models.ForeignKey(
        "self",
        verbose_name=_("parent"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="children",
        help_text=_("The version it was warm-started from: it saw what that one saw."),
    )
    card = models.JSONField(_("card"), help_text=_("card.json of the artefact."))
    contaminated_at = models.DateTimeField(
        _("contaminated at"),
        null=True,
        blank=True,
        help_text=_("A face it, or an ancestor, saw was withdrawn."),
    )
    private_test = models.JSONField(
        _("private test"),
        null=True,
        blank=True,
        help_text=_("PrivateTest, measured once after the decision."),
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name, verbose_name_plural = _("version"), _("versions")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_champion"],
                condition=Q(is_champion=True),
                name="one_champion",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ModelFile(models.Model):
    version = models.ForeignKey(
        ModelVersion, on_delete=models.CASCADE, related_name="files"
    )
    name = models.CharField(max_length=60)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "name"], name="a_file_name_once")
        ]

    def __str__(self) -> str:
        return f"{self.version}/{self.name}"


class Exam(models.Model):
    """Champion and challenger judged on the same faces; `ml compare` reports."""

    class Outcome(models.TextChoices):
        PROMOTED = "promoted", _("put in use")
        KEPT = "kept", _("not put in use")
        REJECTED = "rejected", _("failed a check")

    run = models.OneToOneField(
        TrainingRun,
        verbose_name=_("run"),
        on_delete=models.CASCADE,
        related_name="exam",
    )
    champion = models.ForeignKey(
        ModelVersion,
        verbose_name=_("champion"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    challenger = models.ForeignKey(
        ModelVersion,
        verbose_name=_("challenger"),
        on_delete=models.CASCADE,
        related_name="exams",
    )
    exam_hash = models.CharField(
        _("exam hash"), max_length=64, db_index=True, help_text=_("Of its faces.")
    )
    policy = models.CharField(_("policy"), max_length=20)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    report = models.JSONField(_("report"))
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name, verbose_name_plural = _("exam"), _("exams")

    def __str__(self) -> str:
        return f"{self.challenger}: {self.outcome}"


class Promotion(models.Model):
    """Every change of champion, append-only: who, why, from which to which."""

    class Kind(models.TextChoices):
        FIRST = "first", _("the first model")
        EXAM = "exam", _("passed the exam")
        OVERRIDE = "override", _("put in use by a person")
        ROLL_BACK = "roll_back", _("gone back to")

    version = models.ForeignKey(
        ModelVersion,
        verbose_name=_("version"),
        on_delete=models.PROTECT,
        related_name="promotions",
    )
    former = models.ForeignKey(
        ModelVersion,
        verbose_name=_("former"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    by = models.ForeignKey(
        User,
        verbose_name=_("by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    reason = models.TextField(_("reason"), blank=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        ordering = ["-pk"]
        verbose_name, verbose_name_plural = _("promotion"), _("promotions")

    def __str__(self) -> str:
        return f"{self.version} ({self.kind})"

    @property
    def is_by_hand(self) -> bool:
        """Who and why are for trainers to read; all others read that it was one."""
        return self.kind in (self.Kind.OVERRIDE, self.Kind.ROLL_BACK)
