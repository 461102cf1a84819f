import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """One act by somebody with more rights than a visitor. Postgres lets nobody change
    or delete a row; people stand in it by their accounts' random keys alone."""

    class Act(models.TextChoices):
        RIGHTS_CHANGED = "rights", _("rights changed")
        PASSWORD_SET = "password", _("password set for somebody")
        PASSWORD_LINK_MADE = "password_link", _("password link made for somebody")
        SECOND_FACTOR_REMOVED = "second_factor", _("second factor removed")
        ADDRESS_CONFIRMED = "address", _("address confirmed for somebody")
        TOKEN_REVOKED = "token", _("somebody's API token revoked")
        ACCOUNT_DELETED = "account", _("somebody's account deleted")
        DATA_HANDED_OUT = "handed_out", _("data handed out to whom they are about")
        FACE_WITHDRAWN = "withdrawal", _("face withdrawn for its giver")
        FACE_REMOVED = "removed", _("reported face removed")
        REPORT_CLEARED = "cleared", _("reported face shown again")
        FACES_IMPORTED = "import", _("faces imported")
        RUN_STARTED = "run", _("retraining started")
        RUN_CANCELLED = "cancel", _("retraining cancelled")
        SUSPECT_CLEARED = "suspect", _("cleared of being in a ring")
        ROWS_EXPORTED = "rows", _("rows of a version downloaded")
        DATASET_RELEASED = "release", _("dataset released")
        BACKED_UP = "backup", _("backup made")
        RESTORED = "restore", _("backup restored")
        WEBHOOK_CHANGED = "webhook", _("webhook changed")
        LIMITS_SET = "limits", _("started with other limits")

    id = models.UUIDField(
        primary_key=True,
        default=uuid.uuid4,
        editable=False,
        help_text=_("Random, so that a restore can bring later entries along."),
    )
    at = models.DateTimeField(_("at"), db_default=Now())
    act = models.CharField(_("act"), max_length=20, choices=Act)
    by_key = models.UUIDField(
        _("by key"),
        null=True,
        help_text=_("The account's key. Nobody: a command at the shell, or the site."),
    )
    subject = models.CharField(
        _("subject"),
        max_length=80,
        blank=True,
        help_text=_("What kind of thing, and which."),
    )
    details = models.JSONField(_("details"), default=dict)

    class Meta:
        ordering = ["-at", "pk"]
        indexes = [models.Index(fields=["-at"], name="latest_audit_entries")]
        verbose_name = _("entry of the audit log")
        verbose_name_plural = _("entries of the audit log")

    def __str__(self) -> str:
        return f"{self.get_act_display()} {self.subject}".strip()

    @property
    def system_user(self) -> str:
        """Of the machine, who ran the program that did it; empty for an account."""
        return str(self.details.get("system_user", ""))
