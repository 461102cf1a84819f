import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _


class DatasetSplit(models.TextChoices):
    """Where a face may be used. One in neither split is kept and counted, no more."""

    TRAIN = "train"
    EXAM = "exam"
    NEITHER = "neither"


class Scope(models.TextChoices):
    """What a token opens, as far as the rights of its account go."""

    DETECT = "detect", _("look at photos")
    GIVE = "give", _("give faces, and take them back")
    VOTE = "vote", _("vote on faces")
    REVIEW = "review", _("review faces")
    TRAIN = "train", _("train models, and choose which is in use")
    READ = "read", _("read what the account may read")


STAFF_PERMISSIONS = ("labeling.review", "labeling.train")


class User(AbstractUser):
    """Anyone with an account. `reviewer` and `trainer` are groups."""

    email = models.EmailField(_("Email address"), unique=True)
    key = models.UUIDField(
        _("key"),
        default=uuid.uuid4,
        unique=True,
        editable=False,
        help_text=_("Names the account where a restore could reuse its number."),
    )
    is_of_age = models.BooleanField(
        _("old enough"),
        default=False,
        db_default=False,
        editable=False,
        help_text=_("Said to be as old as the site asks; no date of birth is kept."),
    )
    split = models.CharField(
        _("split"),
        max_length=10,
        choices=DatasetSplit,
        blank=True,
        editable=False,
        help_text=_("Fixed at the first gift: do this giver's faces train or examine?"),
    )

    language = models.CharField(
        _("language"),
        max_length=10,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text=_("Chosen on a page, and spoken on all; empty: as the browser asks."),
    )

    class Meta:
        verbose_name, verbose_name_plural = _("account"), _("accounts")
        indexes = [
            models.Index(
                fields=["id"], condition=Q(is_superuser=True), name="superusers"
            )
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new password, by whichever door, ends what was opened with the old one.

        Sessions carry a hash of the password, so without their rows, too, they open
        nothing. One that is only hashed anew, and better, is no new password.
        """
        is_set = getattr(self, "_password", None) is not None
        with transaction.atomic():
            super().save(*args, **kwargs)
            if is_set or not self.has_usable_password():
                self.api_tokens.all().delete()
                self.sessions.all().delete()

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Nothing that was granted opens before a second factor that is asked for."""
        return super().has_perm(perm, obj) and not self.owes_second_factor

    @cached_property
    def owes_second_factor(self) -> bool:
        """Was something granted that this site opens by two steps only?"""
        if settings.STAFF_MFA != "required" or not self.is_active:
            return False
        granted = any(super(User, self).has_perm(perm) for perm in STAFF_PERMISSIONS)
        if not (granted or self.is_staff):
            return False
        factors = self.authenticator_set  # type: ignore[attr-defined]  # allauth's
        return not factors.filter(type="totp").exists()

    @property
    def is_reviewer(self) -> bool:
        return self.has_perm("labeling.review")

    @property
    def is_trainer(self) -> bool:
        return self.has_perm("labeling.train")


class ApiToken(models.Model):
    """A personal API token; only its hash is kept, so it can be shown just once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60)
    hint = models.CharField(
        max_length=12, help_text=_("Its first letters, to tell it by.")
    )
    token_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(help_text=_("What it opens, of Scope."))
    made_by = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="made",
        help_text=_("The token that made it, and takes it along when it is revoked."),
    )
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def scopes_in_words(self) -> str:
        return "; ".join(str(Scope(scope).label) for scope in self.scopes)
