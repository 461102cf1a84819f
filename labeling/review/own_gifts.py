"""A reviewer leaves what he gave himself to another one, where there is another."""

from django.contrib.auth.models import Permission
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labeling.errors import Refused
from labeling.models import User


def has_other_reviewer(reviewer: User) -> bool:
    """One question for each way to the right: Postgres answers them from indexes,
    where together they would be asked of every account."""
    others = User.objects.filter(is_active=True).exclude(pk=reviewer.pk)
    known = Permission.objects.filter(content_type__app_label="labeling")
    right = known.filter(codename="review")
    ways = (
        Q(groups__permissions__in=right),
        Q(user_permissions__in=right),
        Q(is_superuser=True),
    )
    return any(others.filter(way).exists() for way in ways)


def check(giver_id: int | None, by: User | None) -> None:
    """Refuse a decision about one's own gift where somebody else can decide."""
    if by and giver_id == by.pk and has_other_reviewer(by):
        raise Refused(
            "own_gift",
            _("You gave this face yourself: another reviewer decides about it."),
        )
