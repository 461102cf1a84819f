from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from labeling.emotions import Emotion
from labeling.models.contribution import Contribution
from labeling.models.user import User


class Review(models.Model):
    """One decision about one face. Append-only: undoing is another row."""

    class Act(models.TextChoices):
        ACCEPT = "accept", _("accepted")
        RELABEL = "relabel", _("relabelled")
        REJECT = "reject", _("rejected")
        SCREEN = "screen", _("shown to voters")
        UNDO = "undo", _("undone")
        CONFIRM = "confirm", _("confirmed by a second reviewer")

    class Reason(models.TextChoices):
        NOT_A_FACE = "not_a_face", _("not a face")
        NOT_CLEAR = "not_clear", _("expression not clear")
        POOR_PICTURE = "poor_picture", _("poor picture")
        INAPPROPRIATE = "inappropriate", _("not appropriate")
        NO_CONSENT = "no_consent", _("doubtful consent")
        DUPLICATE = "duplicate", _("duplicate")
        TEST_FACE = "test_face", _("a copy of a test picture")

    contribution = models.ForeignKey(
        Contribution,
        verbose_name=_("face"),
        on_delete=models.CASCADE,
        related_name="reviews",
    )
    by = models.ForeignKey(
        User,
        verbose_name=_("by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="reviews",
        help_text=_("Nobody: agreed votes decided, or the account is gone."),
    )
    act = models.CharField(_("decision"), max_length=10, choices=Act)
    from_status = models.CharField(
        _("from status"), max_length=10, choices=Contribution.Status
    )
    to_status = models.CharField(
        _("to status"), max_length=10, choices=Contribution.Status
    )
    from_emotion = models.CharField(
        _("given as"), max_length=10, choices=Emotion, blank=True
    )
    to_emotion = models.CharField(
        _("decided as"), max_length=10, choices=Emotion, blank=True
    )
    reason = models.CharField(_("reason"), max_length=20, choices=Reason, blank=True)
    note = models.TextField(_("note"), blank=True)
    is_own_gift = models.BooleanField(
        _("is own gift"),
        default=False,
        db_default=False,
        help_text=_("There was no other reviewer to decide about it."),
    )
    undoes = models.OneToOneField(
        "self",
        verbose_name=_("undoes"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="undone_by",
        help_text=_("Unique: a decision is undone once."),
    )
    created_at = models.DateTimeField(_("decided on"), db_default=Now())

    class Meta:
        verbose_name, verbose_name_plural = _("decision"), _("decisions")
        ordering = ["created_at", "pk"]
        indexes = [models.Index(fields=["by", "-id"], name="last_of_a_reviewer")]

    def __str__(self) -> str:
        return f"{self.act} {self.contribution_id}"
