from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Withdrawal(models.Model):
    """A tombstone: a face was here, and nothing about it. Replayed after a restore."""

    contribution_id = models.UUIDField(_("face"), primary_key=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), db_default=Now())
    was_released = models.BooleanField(
        _("was released"),
        default=False,
        db_default=False,
        help_text=_("It stood in a dataset release: those who took it must drop it."),
    )

    class Meta:
        verbose_name, verbose_name_plural = _("withdrawal"), _("withdrawals")
        ordering = ["withdrawn_at", "pk"]
        indexes = [models.Index(fields=["withdrawn_at"])]

    def __str__(self) -> str:
        return str(self.contribution_id)


class Erasure(models.Model):
    """An account that was deleted: its random key and the time. Replayed likewise."""

    user_key = models.UUIDField(primary_key=True)
    erased_at = models.DateTimeField(_("erased at"), db_default=Now())

    class Meta:
        verbose_name, verbose_name_plural = _("erased account"), _("erased accounts")
        ordering = ["erased_at", "pk"]

    def __str__(self) -> str:
        return str(self.user_key)
