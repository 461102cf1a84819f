"""Which accepted faces a snapshot takes, on which split, and for how much.

One face of each cluster of near-duplicates; none of a cluster that lies on both splits;
from exam givers only faces that voters, not knowing the label, agreed on; nothing that
resembles a test image of FER-2013. One giver's faces count for no more than the cap.
A label that is its giver's word counts for less where his record is poor; one that a
model doubts, unless two voters back it.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from labeling.datasets import weights
from labeling.db import copy_rows
from labeling.registry import digests
from labeling.voting import vote_weights
from ml.emotions import EMOTIONS

AGREED = 1.5  # votes: two strangers with accounts agree (2 x 0.77)

# A table for the length of the transaction: a million rows stay in Postgres.
_CHOOSE = f"""
CREATE TEMPORARY TABLE chosen ON COMMIT DROP AS
WITH straddling AS (
    SELECT cluster FROM labeling_contribution
    WHERE cluster IS NOT NULL AND status = 'accepted' AND split <> 'neither'
    GROUP BY cluster HAVING count(DISTINCT split) > 1
), votes AS (
    SELECT contribution_id, jsonb_object_agg(choice, weight) AS votes,
           sum(weight) AS whole
    FROM ({vote_weights.weighed_votes_sql()}) AS each_choice
    GROUP BY contribution_id
)
SELECT DISTINCT ON (COALESCE(c.cluster, c.id))
    c.id, c.emotion, c.decided_emotion, c.source, c.digest, c.digest_key,
    c.split,
    c.giver_id, COALESCE(v.votes, '{{}}'::jsonb) AS votes,
    CASE WHEN c.giver_id IS NOT NULL THEN c.giver_id
         WHEN c.source = 'import' THEN NULL  -- an admin's doing: no cap
         ELSE 0 END AS hand  -- all without an account together
FROM labeling_contribution c LEFT JOIN votes v ON v.contribution_id = c.id
WHERE c.status = 'accepted'
  AND (c.cluster IS NULL OR c.cluster NOT IN (SELECT cluster FROM straddling))
  AND (c.split = 'train' OR (
      c.split = 'exam' AND c.giver_id IS NOT NULL
      AND (v.votes ->> c.decided_emotion)::float8 >= {AGREED}
      AND (v.votes ->> c.decided_emotion)::float8 > v.whole / 2
  ))
ORDER BY COALESCE(c.cluster, c.id), c.created_at, c.id
"""  # noqa: S608 (no value from outside is in it)

_DOUBTED = "CREATE TEMPORARY TABLE doubted (id uuid PRIMARY KEY) ON COMMIT DROP"

_EXAM_SIZE = """
SELECT count(*), count(DISTINCT giver_id) FROM chosen WHERE split = 'exam'
"""

# How many givers gave how many faces; a giver of 0 stands for all without account.
_HANDS = """
SELECT n, count(*) FROM (
    SELECT count(*) AS n FROM chosen
    WHERE split = 'train' AND hand IS NOT NULL AND (%(emotion)s = '' OR
          decided_emotion = %(emotion)s)
    GROUP BY hand
) AS hands GROUP BY n
"""

_ROWS = """
SELECT c.id, c.emotion, c.decided_emotion, c.source, c.digest, c.digest_key, c.split,
    c.votes,
    c.hand IS NOT NULL AND c.split = 'train',
    count(*) OVER (PARTITION BY c.split, c.hand),
    count(*) OVER (PARTITION BY c.split, c.hand, c.decided_emotion),
    COALESCE(r.agreed, 0), COALESCE(r.decided, 0), d.id IS NOT NULL
FROM chosen c LEFT JOIN doubted d ON d.id = c.id LEFT JOIN (
    SELECT giver_id, count(*) AS decided, count(*) FILTER (
        WHERE status = 'accepted' AND emotion = decided_emotion) AS agreed
    FROM labeling_contribution
    WHERE giver_id IS NOT NULL AND status <> 'waiting' GROUP BY giver_id
) AS r ON r.giver_id = c.giver_id
WHERE c.split = 'train' OR %s
ORDER BY c.id
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One face of a snapshot."""

    id: UUID
    label: list[float]
    weight: float
    split: str
    source: str
    digest: bytes
    emotion: str
    is_doubted: bool

    def manifest(self) -> tuple[Any, ...]:
        """What is kept."""
        label = json.dumps(self.label)
        return (self.id, label, self.weight, self.split, self.source, self.digest)


def stream(
    *, alone: bool, weight: float, size: int, doubted: Iterable[set[UUID]] = ()
) -> Iterator[list[Row]]:
    """All chosen faces in the order of their ids, in batches. Needs a transaction.

    `alone`: without FER-2013 the community's hold-out is the whole exam, however small;
    beside it, it joins once it is large enough. `doubted`: see
    `labeling/datasets/label_noise.py`.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CHOOSE)
        cursor.execute(_EXAM_SIZE)
        faces, givers = cursor.fetchone()
        with_exam = alone or (
            faces >= settings.HOLD_OUT_FACES and givers >= settings.HOLD_OUT_GIVERS
        )
        caps = _Caps(cursor)
        cursor.execute(_DOUBTED)
    for part in doubted:
        copy_rows("doubted", ["id"], ([face_id] for face_id in part))
    raw = connection.connection
    with raw.cursor(name="chosen_faces") as cursor:
        cursor.itersize = size
        cursor.execute(_ROWS, [with_exam])
        while batch := cursor.fetchmany(size):
            rows = (_row(caps, weight, *values) for values in batch)
            yield [row for row in rows if row.weight]


class _Caps:
    """How many faces a giver counts for, over all and in each class."""

    def __init__(self, cursor: Any) -> None:
        self.whole = self._cap(cursor, "")
        self.of = {emotion: self._cap(cursor, emotion) for emotion in EMOTIONS}

    def _cap(self, cursor: Any, emotion: str) -> float:
        cursor.execute(_HANDS, {"emotion": emotion})
        return weights.cap(
            cursor.fetchall(),
            least=settings.CAP_FACES,
            share=settings.CAP_PERCENT / 100,
        )


def _row(
    caps: _Caps,
    weight: float,
    face_id: UUID,
    giver_says: str,
    reviewer_says: str,
    source: str,
    digest: bytes,
    digest_key: bytes,
    split: str,
    votes: dict[str, float] | str,
    is_capped: bool,
    own: int,
    own_in_class: int,
    agreed: int,
    decided: int,
    is_doubtful: bool,
) -> Row:
    said = json.loads(votes) if isinstance(votes, str) else votes
    # Two strangers outvote a model. They excuse no poor record: they may be in league.
    is_backed = said.get(reviewer_says, 0) >= AGREED
    is_doubted = split == "train" and is_doubtful and not is_backed
    if split == "exam":
        # Examined on what was agreed on, not on a distribution.
        label = [float(name == reviewer_says) for name in EMOTIONS]
        counts_for = 1.0
    else:
        label = weights.label(giver_says, reviewer_says, said)
        counts_for = weight * weights.clearness(said)
        if giver_says == reviewer_says:
            least = settings.RECORD_PERCENT / 100
            counts_for *= weights.record(agreed, decided, least=least)
        if is_doubted:
            counts_for *= settings.DOUBT_PERCENT / 100
        if is_capped:
            in_class = caps.of[reviewer_says]
            counts_for *= weights.damping(own, caps.whole, own_in_class, in_class)
    counted = round(counts_for, 6)
    facts = (face_id, label, counted, split, source)
    return Row(
        id=face_id,
        label=label,
        weight=counted,
        split=split,
        source=source,
        digest=digests.seal(bytes(digest_key), *facts, picture=bytes(digest)),
        emotion=reviewer_says,
        is_doubted=is_doubted,
    )
