"""The waiting faces in order of priority, and who looks at which of them.

Priority is how much a decision is worth: disagreement first (0, 1 or 2), then how much
the emotion is needed (0 to 0.99). It is stored in the row, so that a queue of 200,000
comes out of an index.

A lease keeps two people from doing the same work. It decides nothing: should two decide
all the same, `decisions` lets the first decision stand.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from itertools import pairwise
from math import inf
from uuid import UUID

from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Floor, Now

from labeling.models import Contribution, User
from labeling.models.contribution import ContributionQuerySet
from labeling.review import demand, own_gifts

LEASE = timedelta(minutes=5)
ORDER = ("-priority", "created_at", "pk")
STEPS = (0, 1, 2)  # of disagreement
MOST_MOVED = 5_000  # faces of an emotion: a second's work, each night
DOUBT = 0.5  # the model gives the giver's label less than this
DISSENT = 0.5  # the voters agree less than this


def take(
    *,
    by: User,
    n: int = 1,
    of: ContributionQuerySet | None = None,
    skipping: Collection[UUID] = (),
) -> list[Contribution]:
    """The waiting faces most worth deciding, held for this reviewer.

    `of`: a choice among all, such as one emotion. `skipping`: seen and passed over.
    What the reviewer holds already comes again, before anything else; what he gave
    himself is left to others.
    """
    faces = (Contribution.objects.all() if of is None else of).waiting()
    faces = faces.exclude(pk__in=skipping)
    if own_gifts.has_other_reviewer(by):
        faces = faces.exclude(giver=by)
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


def priority_of(face: Contribution, votes: Mapping[str, float] | None = None) -> float:
    """The priority as things stand now; `votes`: weight by choice."""
    return disagreement(face, votes or {}) + demand.urgency().get(face.emotion, 0.0)


def disagreement(face: Contribution, votes: Mapping[str, float]) -> int:
    """2 where model or voters say something else, 1 where they doubt, else 0."""
    top = max(votes, key=lambda choice: votes[choice]) if votes else face.emotion
    if top != face.emotion:
        return 2
    if face.model_emotion and face.model_emotion != face.emotion:
        return 2
    belief = face.model_probabilities.get(face.emotion, 1.0)
    agreement = votes[top] / sum(votes.values()) if votes else 1.0
    return int(belief < DOUBT or agreement < DISSENT)


def refresh_priorities() -> int:
    """Bring the waiting faces in line with what is needed now, those that come first
    first and MOST_MOVED of an emotion at once; how many moved."""
    return sum(_move(emotion, need) for emotion, need in demand.urgency().items())


def _move(emotion: str, need: float) -> int:
    """Those between the places where faces of this emotion belong. Each range comes out
    of an index by itself, so what lies where it belongs costs nothing; of several in
    one question Postgres would read all faces."""
    waiting = Contribution.objects.waiting()
    edges = [inf, *(step + need for step in reversed(STEPS)), -inf]
    moved = 0
    for high, low in pairwise(edges):
        between = waiting.filter(emotion=emotion, priority__gt=low, priority__lt=high)
        first = between.order_by("-priority").values("pk")[: MOST_MOVED - moved]
        rows = waiting.filter(pk__in=first)
        moved += rows.update(priority=Floor("priority") + Value(need))
    return moved
