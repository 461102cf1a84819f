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
ORDER = ("-priority", "created_at", "pk")


def take(
    *,
    by: User,
    n: int = 1,
    of: ContributionQuerySet | None = None,
    skipping: Collection[UUID] = (),
) -> list[Contribution]:
    """The waiting faces most worth deciding, held for this reviewer.

    `of`: a choice among all, such as one emotion. `skipping`: seen and passed over.
    What the reviewer holds already comes again, before anything else.
    """
    faces = (Contribution.objects.all() if of is None else of).waiting()
    faces = faces.exclude(pk__in=skipping)
    held = Q(leased_to=by, leased_until__gte=Now())
    free = Q(leased_to=None) | Q(leased_until__lt=Now())
    with transaction.atomic():
        # Somebody who looks for a free face may lock one of these for an instant, so
        # this waits; it must come first, while we lock nothing that others wait for.
        own = faces.filter(held).order_by(*ORDER)[:n]
        mine = Contribution.objects.filter(held, pk__in=own.values("pk")).order_by("pk")
        ids = list(mine.select_for_update().values_list("pk", flat=True))
        others = faces.filter(free).order_by(*ORDER)
        others = others.select_for_update(skip_locked=True, of=("self",))
        ids += others.values_list("pk", flat=True)[: n - len(ids)]
        taken = Contribution.objects.filter(pk__in=ids)
        taken.update(leased_to=by, leased_until=Now() + LEASE)
    return list(taken.select_related("giver").order_by(*ORDER))


def release(*, by: User) -> int:
    """Let go of everything that a reviewer holds: he leaves, or skips."""
    held = Contribution.objects.waiting().filter(leased_to=by)
    return held.update(leased_to=None, leased_until=None)
