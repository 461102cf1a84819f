"""Which of all faces may be copies of one: Postgres finds them by an index (pgvector's
HNSW) over the low frequencies of each, at a cost that hardly grows with their number.
Whether they are, `contributions/near_duplicates.py` says.

A face gets its vector when it is compared. Postgres deletes that with the face.
"""

from uuid import UUID

from django.db import connection, transaction

from labeling import db, pgvector
from labeling.db import AdvisoryLock
from labeling.models import Crop, FaceVector
from ml.vision.near_duplicates import Floats, framed, low_frequencies

# docs/duplicates.md holds how these were chosen.
NEAREST = 40  # to each frame of the asked face …
EFFORT = 60  # … of so many that the index looks at
LIKELIEST = 500  # of these all are compared as a whole

INDEX = "faces_by_vector"

_LIKELIEST = """
    SELECT crop_id FROM unnest(%s::halfvec[]) AS frame (numbers)
    CROSS JOIN LATERAL (
        SELECT crop_id, known.numbers <#> frame.numbers AS distance
        FROM labeling_facevector AS known
        ORDER BY known.numbers <#> frame.numbers LIMIT %s
    ) AS nearest
    GROUP BY crop_id ORDER BY min(distance) LIMIT %s
"""
_IS_READY = """
    SELECT EXISTS (SELECT FROM pg_index
        WHERE indexrelid = to_regclass(%s) AND indisvalid)
"""
_REWRITE = (
    f"DROP INDEX IF EXISTS {INDEX}",
    "VACUUM (FULL, ANALYZE) labeling_facevector",
    *pgvector.building(INDEX),
)


def likeliest(signature: bytes) -> list[UUID]:
    """The faces nearest to one of this signature, however it is framed, the nearest
    first. Call it in a transaction."""
    frames = [_text(frame) for frame in framed(signature)]
    with connection.cursor() as cursor:
        # With "relaxed_order", faces that were just deleted take nobody's place.
        cursor.execute(
            "SET LOCAL hnsw.ef_search = %s;"
            "SET LOCAL hnsw.iterative_scan = relaxed_order; SET LOCAL jit = off",
            [EFFORT],
        )
        cursor.execute(_LIKELIEST, [frames, NEAREST, LIKELIEST])
        return [pk for (pk,) in cursor.fetchall()]


def are_ready() -> bool:
    """Not while they are rewritten, nor after that was broken off."""
    with connection.cursor() as cursor:
        cursor.execute(_IS_READY, [INDEX])
        return bool(cursor.fetchone()[0])


@transaction.atomic
def add_missing(most: int) -> int:
    """Give faces their vector; how many have got it."""
    rows = Crop.objects.filter(has_vector=False, signature__isnull=False)
    held = rows.select_for_update(no_key=True, skip_locked=True)
    found = held.values_list("pk", "signature")[:most]
    signatures = {pk: bytes(signature or b"") for pk, signature in found}
    numbers = low_frequencies(list(signatures.values()))
    vectors = [
        FaceVector(crop_id=pk, numbers=_text(row))
        for pk, row in zip(signatures, numbers, strict=True)
    ]
    FaceVector.objects.bulk_create(vectors, ignore_conflicts=True, batch_size=500)
    Crop.objects.filter(pk__in=signatures).update(has_vector=True)
    return len(signatures)


def rewrite() -> bool:
    """Write them anew, without the bytes of those that were deleted; False while faces
    are compared. Not in a transaction.

    The index would be built anew while the table is locked, and withdrawals wait; so it
    goes first, and comes again beside all else. Meanwhile nothing is compared.
    """
    with db.trying_lock(AdvisoryLock.NEAR_DUPLICATES) as is_ours:
        if not is_ours:
            return False
        with connection.cursor() as cursor:
            for statement in _REWRITE:
                cursor.execute(statement)
    return True


def _text(numbers: Floats) -> str:
    return f"[{','.join(f'{number:.4f}' for number in numbers)}]"
