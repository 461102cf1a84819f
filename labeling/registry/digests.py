"""What a manifest keeps of a face, so that it can be verified and yet tells nothing.

Each row of a snapshot carries a keyed digest over all that it says of a face: number,
label, weight, split, source, and the digest of the picture. The key lies with the face.
While the face is here, anybody with the database can take the digest again. Withdrawal
deletes the key, which leaves bytes as good as random, and takes label, weight and
source out of the row; number and split stay, for they say which versions saw the face.
The snapshot's hash is over numbers and keyed digests alone: it holds before and after.

Reports of exams name faces too, with what the models said of them: that goes likewise.
"""

import hmac
import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import connection

from labeling.models import Exam, SnapshotRow
from labeling.registry import lineage

# A face whose answer changed stays one in the count, without name or answers.
_ANSWERS = """
    UPDATE labeling_exam AS exam SET report = jsonb_set(report, '{changed}', (
        SELECT jsonb_object_agg(kind, (
            SELECT COALESCE(jsonb_agg(CASE WHEN face ->> 'ref' = ANY(gone.refs)
                THEN '{"ref": "withdrawn"}' ELSE face END ORDER BY place), '[]')
            FROM jsonb_array_elements(faces) WITH ORDINALITY AS one(face, place)
        )) FROM jsonb_each(report -> 'changed') AS each_kind(kind, faces)
    ))
    FROM (
        SELECT run_id, array_agg('contribution:' || contribution_id) AS refs
        FROM labeling_snapshot AS snapshot
        JOIN labeling_snapshotrow AS examined ON snapshot_id = snapshot.id
        WHERE split = 'exam' AND contribution_id = ANY(%s::uuid[]) GROUP BY run_id
    ) AS gone
    WHERE exam.run_id = gone.run_id AND report ? 'changed'
"""


def seal(key: bytes, *said: Any, picture: bytes) -> bytes:
    """HMAC-SHA256 over what a row says (in the order of its columns) and the picture's
    own digest."""
    line = json.dumps([*map(_plain, said), picture.hex()], separators=(",", ":"))
    return hmac.digest(key, line.encode(), "sha256")


def holds(row: SnapshotRow, key: bytes, picture: bytes) -> bool:
    """Whether a row still says what was sealed."""
    said = (row.contribution_id, row.label, row.weight, row.split, row.source)
    return hmac.compare_digest(seal(key, *said, picture=picture), bytes(row.digest))


def erase(contribution_ids: Iterable[UUID]) -> None:
    """Take out of all manifests and reports what they say of these faces."""
    ids = list(contribution_ids)
    rows = SnapshotRow.objects.filter(contribution_id__in=ids)
    rows.update(label=None, weight=None, source="")
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERS, [list(map(str, ids))])


def erase_since(exam: Exam) -> None:
    """The same for a report that was written while faces were withdrawn."""
    lineage.hold()
    rows = SnapshotRow.objects.filter(snapshot__run=exam.run_id, weight=None)
    erase(rows.values_list("contribution_id", flat=True))


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value
