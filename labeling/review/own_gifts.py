"""A reviewer leaves what he gave himself to another one, where there is another."""

from django.utils.translation import gettext_lazy as _

from labeling.errors import Refused
from labeling.models import User

BACKEND = "django.contrib.auth.backends.ModelBackend"  # it finds who may, by group too


def has_other_reviewer(reviewer: User) -> bool:
    may_review = User.objects.with_perm("labeling.review", backend=BACKEND)
    return may_review.exclude(pk=reviewer.pk).exists()


def check(giver_id: int | None, by: User | None) -> None:
    """Refuse a decision about one's own gift where somebody else can decide."""
    if by and giver_id == by.pk and has_other_reviewer(by):
        raise Refused(
            "own_gift",
            _("You gave this face yourself: another reviewer decides about it."),
        )
