"""A made-up crowd, to see how the site does at size. Faces are drawn, people invented.

Postgres makes the rows itself, by INSERT … SELECT: 200,000 faces take a minute or so.
Everything is named "crowd", so that it can be taken out again.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from numpy.typing import NDArray

from labeling.emotions import Emotion
from labeling.models import Contribution, ModelVersion, TrainingRun, User
from ml.vision import decode
from ml.vision.near_duplicates import signature

NAME = "crowd"
POOL = 64  # drawn faces that the crowd shares
EDGE = 96  # px
TABLES = (
    *("labeling_contribution", "labeling_crop", "labeling_review", "labeling_vote"),
    *("labeling_answer", "labeling_snapshotrow", "labeling_user"),
)


@dataclass(frozen=True)
class Size:
    faces: int
    givers: int
    voters: int
    answers: int

    @classmethod
    def of(cls, faces: int) -> "Size":
        """As it might be: a giver in fifty faces, two answers to each face."""
        givers = max(3, faces // 50)
        return cls(faces, givers, max(8, faces // 200), 2 * faces)


def make(faces: int, *, tell: Callable[[str], object] = lambda step: None) -> None:
    """Add a crowd that gave so many faces. All of it, or nothing."""
    size = Size.of(faces)
    with transaction.atomic(), connection.cursor() as cursor:
        for step, sql, extra in _steps():
            tell(step)
            if step == "faces":
                _fill_pool(cursor)
            values = {**vars(size), "name": NAME, **extra}
            cursor.execute(sql, values)
            # Within the transaction nobody else does, and plans for empty tables last.
            cursor.execute(f"ANALYZE {', '.join(TABLES)}")
    tell("statistics")
    _vacuum()


def remove() -> int:
    """Take the crowd out again; how many faces it had."""
    with transaction.atomic(), connection.cursor() as cursor:
        count = Contribution.objects.filter(source_name=NAME).count()
        for table in ("crop", "review", "vote"):
            cursor.execute(
                f"""DELETE FROM labeling_{table} t USING labeling_contribution c
                WHERE c.id = t.contribution_id AND c.source_name = %s""",  # noqa: S608
                [NAME],
            )
        cursor.execute(
            "DELETE FROM labeling_contribution WHERE source_name = %s", [NAME]
        )
        ModelVersion.objects.filter(name=NAME).delete()
        TrainingRun.objects.filter(message=NAME).delete()
        people = User.objects.filter(email__endswith=f"@{NAME}.invalid")
        people._raw_delete(people.db)
    _vacuum()
    return count


def _fill_pool(cursor: Any) -> None:
    """The pixels of the whole crowd: the faces share a few drawings."""
    cursor.execute("DROP TABLE IF EXISTS pool")
    cursor.execute(
        "CREATE TEMPORARY TABLE pool (n int, jpeg bytea, signature bytea) "
        "ON COMMIT DROP"
    )
    for n in range(POOL):
        face = _draw(n)
        row = [n, decode.encode_jpeg(face), signature(face)]
        cursor.execute("INSERT INTO pool VALUES (%s, %s, %s)", row)


def _draw(seed: int) -> NDArray[np.uint8]:
    """A few ellipses that nobody would take for a person."""
    dice = np.random.default_rng(seed)
    face = np.full((EDGE, EDGE, 3), dice.integers(30, 90, 3), np.uint8)
    shades = [int(dice.integers(120, 230)), 20, 20, 60]
    spots = [(48, 50, 32, 40), (36, 40, 5, 4), (60, 40, 5, 4), (48, 70, 14, 5)]
    for shade, (x, y, w, h) in zip(shades, spots, strict=True):
        centre = (x + int(dice.integers(-3, 4)), y + int(dice.integers(-3, 4)))
        axes = (w + int(dice.integers(-2, 3)), h + int(dice.integers(-2, 3)))
        cv2.ellipse(face, centre, axes, 0, 0, 360, (shade,) * 3, -1)
    return np.clip(face + dice.normal(0, 5, face.shape), 0, 255).astype(np.uint8)


def _vacuum() -> None:
    """So that Postgres reads indexes alone, as it would after a day of quiet."""
    if connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {', '.join(TABLES)}")


def _steps() -> list[tuple[str, str, dict[str, object]]]:
    emotions, salt = list(Emotion.values), {"salt": secrets.token_hex(8)}
    none = json.dumps(dict.fromkeys(emotions, 0))
    return [
        ("people", _PEOPLE, {"password": make_password(None)}),
        ("version", _VERSION, {}),
        ("faces", _FACES, {"emotions": emotions, "none": none, **salt}),
        ("pictures", _CROPS, {"pool": POOL, "edge": EDGE}),
        ("decisions", _REVIEWS, {}),
        ("votes", _VOTES, {}),
        ("answers", _ANSWERS, {"emotions": emotions, **salt}),
        ("snapshot", _SNAPSHOT, {}),
    ]


_PEOPLE = """
    INSERT INTO labeling_user (username, email, key, password, first_name, last_name,
        is_superuser, is_staff, is_active, split, date_joined)
    SELECT name, name || '@crowd.invalid', gen_random_uuid(), %(password)s, '', '',
        FALSE, FALSE, TRUE, CASE WHEN n %% 10 = 0 THEN 'exam' ELSE 'train' END, now()
    FROM (
        SELECT n, %(name)s || '-' || n AS name
        FROM generate_series(1, %(givers)s + %(voters)s) AS n
    ) AS people
    ON CONFLICT DO NOTHING
"""

_VERSION = """
    WITH run AS (
        INSERT INTO labeling_trainingrun (status, preset, options, trigger, message,
            log, finished_at)
        SELECT 'done', 'quick', '{}', 'command', %(name)s, '', now()
        WHERE NOT EXISTS (SELECT FROM labeling_modelversion WHERE name = %(name)s)
        RETURNING id
    )
    INSERT INTO labeling_modelversion (name, origin, run_id, card)
    SELECT %(name)s, 'trained', id, '{}' FROM run
"""

# Half of the faces wait, four in ten were accepted, one was rejected. One giver in a
# hundred faces has none of them; a few have very many.
_FACES = """
    WITH people AS (
        SELECT array_agg(id ORDER BY id) AS ids, array_agg(split ORDER BY id) AS splits
        FROM labeling_user WHERE username LIKE %(name)s || '-%%'
    ), dice AS MATERIALIZED (
        SELECT n, random() AS status, random() AS owner, random() AS agrees,
            (%(emotions)s::text[])[1 + floor(7 * random())] AS said,
            (%(emotions)s::text[])[1 + floor(7 * random())] AS other,
            random() < .7 AS seen, random() < .8 AS screened,
            floor(5 * random())::int AS votes, random() < .6 AS unanimous,
            now() - 300 * random() * interval '1 day' AS at,
            1 + floor(%(givers)s * power(random(), 3))::int AS giver
        FROM generate_series(1, %(faces)s) AS n
    )
    INSERT INTO labeling_contribution (id, created_at, status, emotion,
        decided_emotion, decided_at, giver_id, withdrawal_hash, source, source_name,
        consent_version, consent_language, consent_basis, may_be_seen,
        may_be_released, screened_at, model_version_id, model_emotion,
        model_probabilities, vote_count, agreement, priority, split, digest_key, digest,
        cluster)
    SELECT gen_random_uuid(), at,
        CASE WHEN status < .5 THEN 'waiting' WHEN status < .9 THEN 'accepted'
             ELSE 'rejected' END,
        said, CASE WHEN status BETWEEN .5 AND .9 THEN said ELSE '' END,
        CASE WHEN status >= .5 THEN least(now(), at + interval '2 days') END,
        CASE WHEN owner < .8 THEN ids[giver] END,
        CASE WHEN owner >= .8 THEN
            encode(sha256((%(salt)s || n)::bytea), 'hex') END,
        'site', %(name)s, 'import', 'en', '', seen, random() < .3,
        CASE WHEN seen AND screened THEN at + interval '1 hour' END,
        (SELECT id FROM labeling_modelversion WHERE name = %(name)s),
        CASE WHEN agrees < .65 THEN said ELSE other END,
        %(none)s::jsonb || jsonb_build_object(other, 1 - agrees, said, agrees),
        CASE WHEN seen AND screened THEN votes ELSE 0 END,
        CASE WHEN seen AND screened AND votes > 0 THEN
            CASE WHEN votes = 1 OR unanimous THEN 1 ELSE (votes - 1.0) / votes END END,
        CASE WHEN agrees < .65 THEN 0 ELSE 2 END + round((random() * .99)::numeric, 4),
        CASE WHEN owner < .8 THEN splits[giver] ELSE 'train' END,
        sha256((%(salt)s || 'k' || n)::bytea), sha256((%(salt)s || 'd' || n)::bytea),
        CASE WHEN n %% 20 < 2 THEN
            md5(%(salt)s || (n / 20 * 20))::uuid END
    FROM dice, people
"""

# They are ready as they are: found as copies of one another, all would be one cluster.
# NOT IN is answered from a table in memory, made once; NOT EXISTS would read, for each
# face, through the very rows that the statement is adding.
_CROPS = """
    INSERT INTO labeling_crop (contribution_id, jpeg, edge, signature, is_compared,
        has_vector)
    SELECT id, jpeg, %(edge)s, signature, TRUE, TRUE
    FROM (
        SELECT id, row_number() OVER () AS n FROM labeling_contribution c
        WHERE source_name = %(name)s AND id NOT IN (
            SELECT contribution_id FROM labeling_crop)
    ) AS faces JOIN pool ON pool.n = faces.n %% %(pool)s
"""

_REVIEWS = """
    INSERT INTO labeling_review (contribution_id, by_id, act, from_status, to_status,
        from_emotion, to_emotion, reason, note, created_at)
    SELECT id, NULL, CASE status WHEN 'accepted' THEN 'accept' ELSE 'reject' END,
        'waiting', status, emotion, decided_emotion,
        CASE status WHEN 'rejected' THEN 'not_clear' ELSE '' END, '', decided_at
    FROM labeling_contribution c
    WHERE source_name = %(name)s AND status <> 'waiting' AND id NOT IN (
        SELECT contribution_id FROM labeling_review)
"""

# Where all agree, all say what the giver says; else the last one says something else.
# A tenth as many votes test their voters on gold faces.
_VOTES = """
    WITH people AS MATERIALIZED (
        SELECT id, row_number() OVER (ORDER BY id) AS place
        FROM labeling_user
        WHERE username LIKE %(name)s || '-%%'
    ), faces AS MATERIALIZED (
        SELECT c.*, %(givers)s + floor(random() * (%(voters)s - 5))::int AS first
        FROM labeling_contribution c
        WHERE source_name = %(name)s AND vote_count > 0 AND id NOT IN (
            SELECT contribution_id FROM labeling_vote)
    )
    INSERT INTO labeling_vote (contribution_id, voter_id, choice, gold_answer)
    SELECT f.id, people.id,
        CASE WHEN n <= f.vote_count * f.agreement THEN f.emotion ELSE 'not_clear' END,
        CASE WHEN n > f.vote_count THEN f.emotion ELSE '' END
    FROM faces f CROSS JOIN LATERAL generate_series(1, f.vote_count + CASE
        WHEN f.agreement = 1 AND f.vote_count > 2 AND f.status = 'accepted' THEN 1
        ELSE 0 END) AS n
    JOIN people ON people.place = f.first + n
    ON CONFLICT DO NOTHING
"""

_ANSWERS = """
    INSERT INTO labeling_answer (model_version_id, guess, is_right, nonce)
    SELECT (SELECT id FROM labeling_modelversion WHERE name = %(name)s),
        (%(emotions)s::text[])[1 + floor(7 * random())], random() < .7,
        md5(%(salt)s || n)
    FROM generate_series(1, %(answers)s) AS n
"""

_SNAPSHOT = """
    WITH run AS (
        SELECT run_id FROM labeling_modelversion WHERE name = %(name)s
    ), fresh AS (
        INSERT INTO labeling_snapshot (run_id, hash, manifest)
        SELECT run_id, md5(random()::text), '{}' FROM run
        ON CONFLICT DO NOTHING RETURNING id
    ), snapshot AS (
        SELECT id FROM fresh UNION
        SELECT id FROM labeling_snapshot WHERE run_id IN (SELECT run_id FROM run)
    )
    INSERT INTO labeling_snapshotrow (snapshot_id, contribution_id, label, weight,
        split, source, digest)
    SELECT s.id, c.id, '[0, 0, 0, 0, 0, 0, 1]', 1, 'train', c.source, c.digest
    FROM labeling_contribution c, snapshot s
    WHERE c.source_name = %(name)s AND c.status = 'accepted' AND c.split = 'train'
    ON CONFLICT DO NOTHING
"""
