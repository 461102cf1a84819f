"""How reliable voters are, learned from gold faces: accepted ones that all agreed on.

A voter is an account, or a device where nobody is signed in. The arithmetic is SQL, so
that one face and a snapshot of a million are weighed alike.
"""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from django.db import connection

CHANCE = 1 / 7  # who guesses is right this often, and such a vote weighs nothing
PRIOR_RIGHT, PRIOR_SEEN = 4, 5  # a stranger is taken to be right four times in five
DEVICE_FACTOR = 0.5  # a device may be anyone's second one
TESTS = 5  # gold faces, before an account counts for more than a device
AGREED = 1.2  # votes: two tested accounts agree (2 x 0.77), or four new ones
# What all devices together say of a face at most: cookies cost nothing, so however many
# there are, they outweigh neither a reviewer nor two accounts, and with a new one they
# agree on nothing.
MOST_BY_DEVICES = 0.75

# Weight of a vote: 0 for guessing, 1 for never being wrong.
_WEIGHT = f"""
    GREATEST(0, ((COALESCE(r.hits, 0) + {PRIOR_RIGHT}.0)
                 / (COALESCE(r.seen, 0) + {PRIOR_SEEN}.0) - {CHANCE}) / (1 - {CHANCE}))
    * CASE WHEN v.voter_id IS NULL OR COALESCE(r.seen, 0) < {TESTS}
           THEN {DEVICE_FACTOR} ELSE 1 END
"""
_SUSPECTS = """
    SELECT s.user_id, s.device_hash FROM labeling_suspect s
    WHERE s.cleared_at IS NULL AND s.role ="""
# Gold that a ring gave tests nobody.
_TESTS = f"""gold_answer <> '' AND contribution_id NOT IN (
    SELECT c.id FROM labeling_contribution c
    JOIN ({_SUSPECTS} 'giver') AS ring ON ring.user_id = c.giver_id)"""  # noqa: S608

_RECORD = "count(*) AS seen, count(*) FILTER (WHERE choice = gold_answer) AS hits"

# Of labeling_vote: what says something of a face. Tests of the voter do not, nor do
# votes of suspects (`labeling/voting/rings.py`) and of accounts deleted since.
COUNTS = f"""gold_answer = '' AND NOT voter_left AND NOT EXISTS (
    SELECT FROM ({_SUSPECTS} 'voter') AS ring WHERE ring.user_id = voter_id
    OR (voter_id IS NULL AND ring.device_hash = labeling_vote.device_hash))"""
# The others that are no tests, each of the three kinds by an index of its own.
VOID = f"""
    SELECT contribution_id, choice FROM labeling_vote
    JOIN ({_SUSPECTS} 'voter') AS ring ON ring.user_id = voter_id WHERE gold_answer = ''
    UNION ALL
    SELECT contribution_id, choice FROM labeling_vote
    JOIN ({_SUSPECTS} 'voter') AS ring ON ring.device_hash = labeling_vote.device_hash
    WHERE voter_id IS NULL AND gold_answer = '' AND NOT voter_left
    UNION ALL
    SELECT contribution_id, choice FROM labeling_vote
    WHERE voter_left AND gold_answer = ''"""  # noqa: S608


def weighed_votes_sql(which: str = "TRUE") -> str:
    """A SELECT of (contribution_id, choice, weight): each choice's weight in votes.

    `which`: a condition on labeling_vote, written by us, never by a visitor.
    """
    return f"""
    WITH asked AS MATERIALIZED (
        SELECT contribution_id, choice, voter_id,
               CASE WHEN voter_id IS NULL THEN device_hash END AS device
        FROM labeling_vote WHERE {COUNTS} AND {which}
    ), people AS (
        SELECT DISTINCT voter_id, device FROM asked
    ), record AS MATERIALIZED (  -- each one's own, or all tests of all would be read
        SELECT people.voter_id, NULL AS device, tests.*
        FROM people CROSS JOIN LATERAL (
            SELECT {_RECORD} FROM labeling_vote
            WHERE {_TESTS} AND voter_id = people.voter_id
        ) AS tests WHERE tests.seen > 0
        UNION ALL
        SELECT NULL, people.device, tests.*
        FROM people CROSS JOIN LATERAL (
            SELECT {_RECORD} FROM labeling_vote
            WHERE {_TESTS} AND voter_id IS NULL AND device_hash = people.device
        ) AS tests WHERE tests.seen > 0
    ), weighed AS (
        SELECT v.contribution_id, v.choice, {_WEIGHT} AS weight, FALSE AS is_device
        FROM asked v JOIN record r ON r.voter_id = v.voter_id
        UNION ALL
        SELECT v.contribution_id, v.choice, {_WEIGHT}, TRUE
        FROM asked v LEFT JOIN record r ON r.device = v.device
        WHERE v.voter_id IS NULL
        UNION ALL
        SELECT v.contribution_id, v.choice, {_WEIGHT}, FALSE
        FROM asked v LEFT JOIN record r ON FALSE
        WHERE v.voter_id IS NOT NULL
          AND v.voter_id NOT IN (SELECT voter_id FROM record WHERE voter_id IS NOT NULL)
    ), summed AS (
        SELECT contribution_id, choice,
               COALESCE(sum(weight) FILTER (WHERE NOT is_device), 0) AS known,
               COALESCE(sum(weight) FILTER (WHERE is_device), 0) AS devices
        FROM weighed GROUP BY contribution_id, choice
    )
    SELECT contribution_id, choice,
           (known + devices * LEAST(1, {MOST_BY_DEVICES} / NULLIF(
               sum(devices) OVER (PARTITION BY contribution_id), 0)))::float8 AS weight
    FROM summed
    """  # noqa: S608


_OF_THESE = weighed_votes_sql("contribution_id = ANY(%s::uuid[])")


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
