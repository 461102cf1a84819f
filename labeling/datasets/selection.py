"""Which accepted faces a snapshot takes, on which split, and for how much.

One face of each cluster of near-duplicates, with the label decided last; none of a
cluster that lies on both splits; from exam givers only faces that voters, not knowing
the label, agreed on; nothing that resembles a test image of FER-2013. One giver's faces
count for no more than the cap. A label that is its giver's word counts for less where
his record is poor; one that a model doubts, unless two voters back it; one that only a
ring stands for (`labeling/voting/rings.py`) not at all.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from psycopg2.extras import NamedTupleCursor

from labeling.datasets import weights
from labeling.db import copy_rows
from labeling.registry import digests
from labeling.voting import rings, vote_weights
from ml.emotions import EMOTIONS

# A table for the length of the transaction: a million rows stay in Postgres.
_CHOOSE = f"""
CREATE TEMPORARY TABLE chosen ON COMMIT DROP AS
WITH straddling AS (
    SELECT cluster FROM labeling_contribution
    WHERE cluster IS NOT NULL AND status = 'accepted' AND split <> 'neither'
    GROUP BY cluster HAVING count(DISTINCT split) > 1
), settled AS (  -- of one picture under two labels, the later decision knew of both
    SELECT DISTINCT ON (cluster) cluster, decided_emotion FROM labeling_contribution
    WHERE cluster IS NOT NULL AND status = 'accepted'
      AND id NOT IN (SELECT id FROM quarantined)
    ORDER BY cluster, decided_at DESC, id
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
         ELSE 0 END AS capped_as  -- all without an account together
FROM labeling_contribution c LEFT JOIN votes v ON v.contribution_id = c.id
LEFT JOIN settled s ON s.cluster = c.cluster
WHERE c.status = 'accepted' AND c.consent_in_doubt = ''
  AND c.id NOT IN (SELECT id FROM quarantined)
  AND (c.cluster IS NULL OR c.cluster NOT IN (SELECT cluster FROM straddling))
  AND (c.split = 'train' OR (
      c.split = 'exam' AND c.giver_id IS NOT NULL
      AND (v.votes ->> c.decided_emotion)::float8 >= {vote_weights.AGREED}
      AND (v.votes ->> c.decided_emotion)::float8 > v.whole / 2
  ))
ORDER BY COALESCE(c.cluster, c.id), c.decided_emotion = s.decided_emotion DESC,
    c.created_at, c.id
"""  # noqa: S608 (no value from outside is in it)

_FACES = "CREATE TEMPORARY TABLE {} (id uuid PRIMARY KEY) ON COMMIT DROP"

_EXAM_SIZE = """
SELECT count(*), count(DISTINCT giver_id) FROM chosen WHERE split = 'exam'
"""

# Of all accepted faces, how many do not train for a reason that can be named.
_LEFT_OUT = """
SELECT count(*),
    count(*) FILTER (WHERE c.split = 'train' AND chosen.id IS NULL
                     AND taken.cluster IS NOT NULL),
    count(*) FILTER (WHERE c.split = 'exam')
FROM labeling_contribution c LEFT JOIN chosen ON chosen.id = c.id LEFT JOIN (
    SELECT DISTINCT face.cluster
    FROM chosen JOIN labeling_contribution face ON face.id = chosen.id
    WHERE face.split = 'train' AND face.cluster IS NOT NULL
) AS taken ON taken.cluster = c.cluster
WHERE c.status = 'accepted'
"""

# How many givers gave how many faces; a giver of 0 stands for all without account.
_FACES_PER_GIVER = """
SELECT n, count(*) FROM (
    SELECT count(*) AS n FROM chosen
    WHERE split = 'train' AND capped_as IS NOT NULL AND (%(emotion)s = '' OR
          decided_emotion = %(emotion)s)
    GROUP BY capped_as
) AS givers GROUP BY n
"""

_ROWS = """
SELECT c.id, c.emotion, c.decided_emotion, c.source, c.digest, c.digest_key, c.split,
    c.votes,
    c.capped_as IS NOT NULL AND c.split = 'train' AS is_capped,
    count(*) OVER (PARTITION BY c.split, c.capped_as) AS giver_faces,
    count(*) OVER (PARTITION BY c.split, c.capped_as, c.decided_emotion)
        AS giver_faces_in_class,
    COALESCE(r.agreed, 0) AS giver_agreed, COALESCE(r.decided, 0) AS giver_decided,
    d.id IS NOT NULL AS is_doubted
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
    *,
    without_fer2013: bool,
    weight: float,
    size: int,
    doubted: Iterable[set[UUID]] = (),
) -> Iterator[list[Row]]:
    """All chosen faces in the order of their ids, in batches. Needs a transaction.

    `without_fer2013`: the community's hold-out is then the whole exam, however small;
    beside FER-2013 it joins once it is large enough. `doubted`: see
    `labeling/datasets/label_noise.py`.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FACES.format("quarantined"))
        ids = rings.quarantined().order_by().values_list("pk").distinct()
        copy_rows("quarantined", ["id"], ids)
        cursor.execute(_CHOOSE)
        cursor.execute(_EXAM_SIZE)
        faces, givers = cursor.fetchone()
        with_exam = without_fer2013 or (
            faces >= settings.HOLD_OUT_FACES and givers >= settings.HOLD_OUT_GIVERS
        )
        caps = _Caps(cursor)
        cursor.execute(_FACES.format("doubted"))
    for part in doubted:
        copy_rows("doubted", ["id"], ([face_id] for face_id in part))
    raw = connection.connection
    with raw.cursor(name="chosen", cursor_factory=NamedTupleCursor) as cursor:
        cursor.itersize = size
        cursor.execute(_ROWS, [with_exam])
        while batch := cursor.fetchmany(size):
            rows = (_row(face, caps=caps, weight=weight) for face in batch)
            yield [row for row in rows if row.weight]


@dataclass(frozen=True)
class Accepted:
    """How many faces are accepted, and of those how many do not train: copies of one
    that does, and faces of givers whose faces examine."""

    faces: int
    copies: int
    for_exam: int


def accepted() -> Accepted:
    """Counted in the transaction of `stream`, which has chosen."""
    with connection.cursor() as cursor:
        cursor.execute(_LEFT_OUT)
        return Accepted(*cursor.fetchone())


class _Caps:
    """How many faces a giver counts for, over all and in each class."""

    def __init__(self, cursor: Any) -> None:
        self.overall = self._cap(cursor, "")
        self.by_emotion = {emotion: self._cap(cursor, emotion) for emotion in EMOTIONS}

    def _cap(self, cursor: Any, emotion: str) -> float:
        cursor.execute(_FACES_PER_GIVER, {"emotion": emotion})
        return weights.cap(
            cursor.fetchall(),
            least=settings.CAP_FACES,
            share=settings.CAP_PERCENT / 100,
        )


def _row(face: Any, *, caps: _Caps, weight: float) -> Row:
    """`face`: the columns of _ROWS, by their names."""
    votes = json.loads(face.votes) if isinstance(face.votes, str) else face.votes
    # Voters who agree outvote a model. They excuse no poor record: some are in league.
    is_backed = votes.get(face.decided_emotion, 0) >= vote_weights.AGREED
    is_doubted = face.split == "train" and face.is_doubted and not is_backed
    if face.split == "exam":
        # Examined on what was agreed on, not on a distribution.
        label = [float(name == face.decided_emotion) for name in EMOTIONS]
        counts_for = 1.0
    else:
        label = weights.soft_label(face.emotion, face.decided_emotion, votes)
        counts_for = weight * _trust(face, votes, is_doubted) * _cap_factor(face, caps)
    counts_for = round(counts_for, 6)
    values = (face.id, label, counts_for, face.split, face.source)
    return Row(
        id=face.id,
        label=label,
        weight=counts_for,
        split=face.split,
        source=face.source,
        digest=digests.row_digest(
            bytes(face.digest_key), *values, crop_digest=bytes(face.digest)
        ),
        emotion=face.decided_emotion,
        is_doubted=is_doubted,
    )


def _trust(face: Any, votes: dict[str, float], is_doubted: bool) -> float:
    """At most 1; less where voters, the giver's record or a model give reason to."""
    trust = weights.clarity(votes)
    if face.emotion == face.decided_emotion:
        least = settings.RECORD_PERCENT / 100
        trust *= weights.record(face.giver_agreed, face.giver_decided, least=least)
    if is_doubted:
        trust *= settings.DOUBT_PERCENT / 100
    return trust


def _cap_factor(face: Any, caps: _Caps) -> float:
    if not face.is_capped:
        return 1.0
    in_class = caps.by_emotion[face.decided_emotion]
    return weights.cap_factor(
        face.giver_faces, caps.overall, face.giver_faces_in_class, in_class
    )
