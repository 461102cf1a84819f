"""Who looks at which waiting face: one reviewer at a time holds it for a while.

A lease keeps two people from doing the same work. It decides nothing: should two decide
all the same, `reviews` lets the first decision stand.
"""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from labeling.models import Contribution, User
from labeling.models.contribution import ContributionQuerySet

LEASE = timedelta(minutes=5)


def take(
    *,
    by: User,
    n: int = 1,
    of: ContributionQuerySet | None = None,
    skipping: Collection[UUID] = (),
) -> list[Contribution]:
    """The waiting faces most worth deciding, held for this reviewer.

    `of`: a choice among all, such as one emotion. `skipping`: seen and passed over.
    Whatever the reviewer held already comes again, if it is still the most worth.
    """
    faces = (Contribution.objects.all() if of is None else of).waiting()
    free = Q(leased_to=None) | Q(leased_until__lt=Now()) | Q(leased_to=by)
    with transaction.atomic():
        ids = list(
            faces.filter(free)
            .exclude(pk__in=skipping)
            .order_by("-worth", "created_at")
            .select_for_update(skip_locked=True, of=("self",))
            .values_list("pk", flat=True)[:n]
        )
        Contribution.objects.filter(pk__in=ids).update(
            leased_to=by, leased_until=Now() + LEASE
        )
    taken = Contribution.objects.filter(pk__in=ids).select_related("giver")
    return sorted(taken, key=lambda face: ids.index(face.pk))


def release(*, by: User) -> int:
    """Let go of everything that a reviewer holds: he leaves, or skips."""
    held = Contribution.objects.waiting().filter(leased_to=by)
    return held.update(leased_to=None, leased_until=None)
