import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Webhook(models.Model):
    """An address that is told of events. Its secret is derived from the site's key and
    a salt (`labeling/webhooks/endpoints.py`), so that no dump holds it."""

    class Event(models.TextChoices):
        MODEL_PROMOTED = "model.promoted", _("a model was put in use")
        MODEL_KEPT = "model.kept", _("a new model was not put in use")
        RUN_FAILED = "run.failed", _("a retraining failed")
        FACE_DECIDED = "face.decided", _("a face was decided about")
        FACE_WITHDRAWN = "face.withdrawn", _("faces were withdrawn")
        RELEASE_MADE = "release.made", _("a dataset was released")

    url = models.CharField(_("address"), max_length=500)
    events = models.JSONField(_("events"), default=list, help_text=_("Empty: all."))
    is_active = models.BooleanField(_("in use"), default=True)
    salt = models.BinaryField(_("salt"), max_length=24)
    former_salt = models.BinaryField(_("former salt"), max_length=24, null=True)
    former_until = models.DateTimeField(
        _("former until"),
        null=True,
        help_text=_("Until then the secret before this one signs as well."),
    )
    failures = models.PositiveIntegerField(
        _("failures"), default=0, db_default=0, help_text=_("Calls in a row.")
    )
    paused_until = models.DateTimeField(_("paused until"), null=True)
    busy_until = models.DateTimeField(
        _("busy until"),
        null=True,
        help_text=_("The lease of the worker that is calling it."),
    )
    created_at = models.DateTimeField(_("added on"), db_default=Now())

    class Meta:
        ordering = ["pk"]
        verbose_name, verbose_name_plural = _("webhook"), _("webhooks")

    def __str__(self) -> str:
        return self.url

    def wants(self, event: str) -> bool:
        return not self.events or event in self.events


class WebhookDelivery(models.Model):
    """What one webhook is told of one event, and what came of it."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        GIVEN_UP = "given_up", _("given up")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(
        Webhook,
        verbose_name=_("webhook"),
        on_delete=models.CASCADE,
        related_name="deliveries",
    )
    event = models.CharField(_("event"), max_length=20, choices=Webhook.Event)
    body = models.TextField(
        _("body"), help_text=_("As it is sent: each attempt signs the same.")
    )
    face = models.UUIDField(
        _("face"),
        null=True,
        db_index=True,
        help_text=_("The delivery goes when this face does."),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.WAITING
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"), null=True, db_default=Now())
    answer = models.PositiveSmallIntegerField(
        _("answer"), null=True, help_text=_("The HTTP status of the last attempt.")
    )
    problem = models.CharField(
        _("problem"), max_length=200, blank=True, help_text=_("Of the last attempt.")
    )
    created_at = models.DateTimeField(_("written on"), db_default=Now())

    class Meta:
        ordering = ["-created_at", "pk"]
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        indexes = [
            models.Index(fields=["-created_at"], name="latest_deliveries"),
            models.Index(
                fields=["webhook", "next_at"],
                condition=Q(status="waiting"),
                name="deliveries_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.pk}"
