import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Now


class DatasetSplit(models.TextChoices):
    """Where a face may be used. One in neither split is kept and counted, no more."""

    TRAIN = "train"
    EXAM = "exam"
    NEITHER = "neither"


class User(AbstractUser):
    """Anyone with an account. `reviewer` and `trainer` are groups."""

    email = models.EmailField(unique=True)
    key = models.UUIDField(
        default=uuid.uuid4,
        unique=True,
        editable=False,
        help_text="Names the account where a restore could reuse its number.",
    )
    split = models.CharField(
        max_length=10,
        choices=DatasetSplit,
        blank=True,
        editable=False,
        help_text="Fixed at the first gift: do this giver's faces train or examine?",
    )

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
        max_length=12, help_text="Its first letters, to tell it by."
    )
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name
