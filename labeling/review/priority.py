"""How much a reviewer's decision on a face is worth: what the desk is ordered by.

Disagreement first (0, 1 or 2), then how much its emotion is needed (0 to 0.99).
Stored in the row, so that a queue of 200,000 comes out of an index.
"""

from collections.abc import Mapping

from django.db.models import Case, FloatField, Value, When
from django.db.models.functions import Floor

from labeling.models import Contribution
from labeling.review import demand

DOUBT = 0.5  # the model gives the giver's label less than this
DISSENT = 0.5  # the voters agree less than this


def of(face: Contribution, votes: Mapping[str, float] | None = None) -> float:
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


def refresh() -> int:
    """Bring the waiting faces in line with what is needed now; how many moved."""
    urgency = demand.urgency()
    need = Case(
        *(
            When(emotion=emotion, then=Value(value))
            for emotion, value in urgency.items()
        ),
        output_field=FloatField(),
    )
    target = Floor("priority") + need
    return (
        Contribution.objects.waiting().exclude(priority=target).update(priority=target)
    )
