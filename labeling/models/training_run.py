from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from labeling.models.user import User


class TrainingRunQuerySet(models.QuerySet["TrainingRun"]):
    def active(self) -> "TrainingRunQuerySet":
        return self.filter(status__in=TrainingRun.ACTIVE)


class TrainingRun(models.Model):
    """One retraining. This row is the truth; the Celery message carries only its id.

    Whoever works on it carries its `attempt` as a fencing token: a write with an older
    attempt changes nothing.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("waiting for a worker")
        SNAPSHOT = "snapshot", _("collecting faces")
        TRAINING = "training", pgettext_lazy("what a run does", "training")
        EXAMINING = "examining", _("in the exam")
        DONE = "done", _("finished")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    class Preset(models.TextChoices):
        QUICK = "quick", _("Quick: from the current model, a few thousand faces")
        FINETUNE = "finetune", _("Fine-tune: from the current model")
        FULL = "full", _("Full: from scratch")

    class Trigger(models.TextChoices):
        PERSON = "person", _("a person")
        SCHEDULE = "schedule", _("the schedule")
        API = "api", _("the API")
        COMMAND = "command", _("the command line")

    RUNNING = (Status.SNAPSHOT, Status.TRAINING, Status.EXAMINING)
    ACTIVE = (Status.QUEUED, *RUNNING)

    status = models.CharField(
        _("status"),
        max_length=10,
        choices=Status,
        default=Status.QUEUED,
        db_default=Status.QUEUED,
    )
    preset = models.CharField(
        _("preset"), max_length=10, choices=Preset, default=Preset.FINETUNE
    )
    options = models.JSONField(
        _("options"),
        default=dict,
        blank=True,
        help_text=_("Knobs of ml/config.py that differ."),
    )
    trigger = models.CharField(
        _("trigger"), max_length=10, choices=Trigger, default=Trigger.PERSON
    )
    requested_by = models.ForeignKey(
        User,
        verbose_name=_("requested by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    parent = models.ForeignKey(
        "labeling.ModelVersion",
        verbose_name=_("parent"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("The version it was warm-started from."),
    )

    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0, db_default=0)
    losses = models.PositiveSmallIntegerField(
        _("losses"),
        default=0,
        db_default=0,
        help_text=_("How often a worker was lost while at it."),
    )
    heartbeat_at = models.DateTimeField(_("heartbeat at"), null=True, blank=True)
    cancel_asked_at = models.DateTimeField(_("cancel asked at"), null=True, blank=True)
    progress = models.FloatField(
        _("progress"), default=0, db_default=0, help_text=_("0 to 1.")
    )
    seconds_left = models.FloatField(_("seconds left"), null=True, blank=True)
    message = models.TextField(
        _("message"), blank=True, help_text=_("What is being done, or went wrong.")
    )
    log = models.TextField(_("log"), blank=True)

    created_at = models.DateTimeField(_("created at"), db_default=Now())
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = TrainingRunQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("training run"), _("training runs")
        ordering = ["-pk"]
        permissions = [("train", "Can start, cancel, override and roll back")]
        constraints = [
            # A constant expression over the active rows: there is at most one.
            models.UniqueConstraint(
                models.Value(1),
                name="one_run_at_a_time",
                condition=Q(status__in=["queued", "snapshot", "training", "examining"]),
            )
        ]

    def __str__(self) -> str:
        return f"run {self.pk} ({self.preset}, {self.status})"

    @property
    def is_active(self) -> bool:
        return self.status in self.ACTIVE


class RunEvent(models.Model):
    """One line of a run's progress: an epoch's figures, for the curves on its page."""

    run = models.ForeignKey(
        TrainingRun, on_delete=models.CASCADE, related_name="events"
    )
    attempt = models.PositiveSmallIntegerField()
    data = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"event {self.pk} of run {self.run_id}"


class Checkpoint(models.Model):
    """The last epoch's state, in Postgres so that another machine may take over."""

    run = models.OneToOneField(
        TrainingRun,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="checkpoint",
    )
    attempt = models.PositiveSmallIntegerField()
    epoch = models.PositiveIntegerField()
    content = models.BinaryField(help_text=_("A tar of the checkpoint's folder."))
    saved_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"epoch {self.epoch} of run {self.pk}"


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
