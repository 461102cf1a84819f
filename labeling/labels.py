"""What a face is said to show: the label that is trained on, spread over what giver,
voters and reviewer said, each vote weighed by its voter's record."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from labeling import voters, weighing
from labeling.models import Contribution

_OF_THESE = voters.weighed_votes_sql("contribution_id = ANY(%s::uuid[])")


def distribution(contribution: Contribution) -> list[float]:
    """Seven probabilities, in FER-2013's order."""
    votes = weighed_votes([contribution.pk])[contribution.pk]
    decided = contribution.decided_emotion or contribution.emotion
    return weighing.label(contribution.emotion, decided, votes)


def weighed_votes(
    contribution_ids: Iterable[UUID],
) -> defaultdict[UUID, dict[str, float]]:
    """For each face, each choice's weight in votes; one query for any number."""
    said: defaultdict[UUID, dict[str, float]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_OF_THESE, [[str(face) for face in contribution_ids]])
        for face, choice, weight in cursor.fetchall():
            said[face][choice] = weight
    return said
