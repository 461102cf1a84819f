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

from labeling.db import AdvisoryLock, hold_lock
from labeling.models import Exam, SnapshotRow

# A face whose answer changed stays one in the count, without name or answers.
_ERASE_FROM_REPORTS = """
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


def row_digest(key: bytes, *values: Any, crop_digest: bytes) -> bytes:
    """HMAC-SHA256 over a row's values (in the order of its columns) and its crop's
    own digest."""
    plain = [str(value) if isinstance(value, UUID) else value for value in values]
    line = json.dumps([*plain, crop_digest.hex()], separators=(",", ":"))
    return hmac.digest(key, line.encode(), "sha256")


def is_intact(row: SnapshotRow, key: bytes, crop_digest: bytes) -> bool:
    """Whether a row still holds the values that its digest was taken of."""
    values = (row.contribution_id, row.label, row.weight, row.split, row.source)
    expected = row_digest(key, *values, crop_digest=crop_digest)
    return hmac.compare_digest(expected, bytes(row.digest))


def erase(contribution_ids: Iterable[UUID]) -> None:
    """Take out of all manifests and reports what they say of these faces."""
    ids = list(contribution_ids)
    rows = SnapshotRow.objects.filter(contribution_id__in=ids)
    rows.update(label=None, weight=None, source="")
    with connection.cursor() as cursor:
        cursor.execute(_ERASE_FROM_REPORTS, [list(map(str, ids))])


def erase_since(exam: Exam) -> None:
    """The same for a report that was written while faces were withdrawn."""
    hold_lock(AdvisoryLock.LINEAGE)
    rows = SnapshotRow.objects.filter(snapshot__run=exam.run_id, weight=None)
    erase(rows.values_list("contribution_id", flat=True))
