"""Faces found through Postgres' index, as by looking at each."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import psycopg2
import pytest
from django.db import connection

from labeling import face_vectors
from labeling.contributions import near_duplicates, withdrawals
from labeling.models import Contribution, Crop, FaceVector
from ml.vision.near_duplicates import SignatureIndex, framed, low_frequencies, signature
from tests.support.factories import make_contribution, make_face

pytestmark = pytest.mark.django_db

FACES = 150


@pytest.fixture
def faces(monkeypatch: pytest.MonkeyPatch) -> dict[UUID, bytes]:
    """More than are asked for, and no way but by the index."""
    monkeypatch.setattr(face_vectors, "LIKELIEST", 10)
    signatures = [signature(make_face(seed, side=48)) for seed in range(FACES)]
    made = {make_contribution(signature=s).pk: s for s in signatures}
    assert face_vectors.add_missing(FACES + 1) == FACES
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    return made


def copy_of(seed: int) -> bytes:
    """Mirrored, cut off the centre, and darker."""
    face = make_face(seed, side=48)[2:-4, ::-1][:, 3:-3]
    return signature(np.ascontiguousarray(face * 0.8).astype(np.uint8))


def test_the_index_finds_those_that_looking_at_each_finds(
    faces: dict[UUID, bytes],
) -> None:
    ids = list(faces)
    vectors = low_frequencies(list(faces.values()))
    everything = SignatureIndex(list(faces.values()))
    for seed in range(0, FACES, 10):
        asked = copy_of(seed)
        nearest = (framed(asked) @ vectors.T).max(axis=0).argsort()[::-1]
        found = face_vectors.likeliest(asked)
        assert len(found) == face_vectors.LIKELIEST
        assert found[0] == ids[nearest[0]]
        assert len({*found} & {ids[place] for place in nearest[:10]}) >= 9
        by_each = {ids[match.position] for match in everything.find(asked)}
        assert set(near_duplicates.alike(asked)) == by_each
        assert ids[seed] in by_each


def test_it_is_the_index_that_is_asked(faces: dict[UUID, bytes]) -> None:
    frame = face_vectors._text(framed(copy_of(1))[0])
    with connection.cursor() as cursor:
        sql = face_vectors._LIKELIEST
        cursor.execute(f"EXPLAIN {sql}", [[frame], 20, 10])
        assert face_vectors.INDEX in str(cursor.fetchall())


def test_a_face_without_a_signature_gets_no_vector() -> None:
    make_contribution()
    assert face_vectors.add_missing(10) == 0
    assert not FaceVector.objects.exists()


def test_a_withdrawn_face_leaves_no_vector(faces: dict[UUID, bytes]) -> None:
    gone, also, *_rest = faces
    withdrawals.withdraw(Contribution.objects.get(pk=gone))
    # A version that knows of no vectors deletes only the rows it knows.
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM labeling_crop WHERE contribution_id = %s", [also])
    assert not FaceVector.objects.filter(pk__in=[gone, also]).exists()
    assert FaceVector.objects.count() == Crop.objects.count() == FACES - 2
    assert gone not in face_vectors.likeliest(faces[gone])


@pytest.fixture
def another_session(transactional_db: None) -> Iterator[psycopg2.extensions.cursor]:
    parameters = connection.get_connection_params()
    login = {name: parameters[name] for name in ("host", "port", "user", "dbname")}
    with closing(psycopg2.connect(**login)) as other:
        yield other.cursor()


@pytest.mark.django_db(transaction=True)
def test_they_are_written_anew_while_nothing_is_compared(
    another_session: psycopg2.extensions.cursor,
) -> None:
    make_contribution(signature=signature(make_face(1)))
    face_vectors.add_missing(10)
    another_session.execute("SELECT pg_advisory_lock(%s)", [0x4D49454E04])
    assert not face_vectors.rewrite()
    another_session.execute("SELECT pg_advisory_unlock(%s)", [0x4D49454E04])
    assert face_vectors.rewrite()
    assert face_vectors.are_ready()
    another_session.execute("SELECT pg_try_advisory_lock(%s)", [0x4D49454E04])
    assert another_session.fetchone() == (True,)
    assert FaceVector.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_after_one_that_was_broken_off_nothing_is_compared_until_the_next(
    settings: Any, tmp_path: Path
) -> None:
    settings.FER2013, settings.MIEN_DATA = None, tmp_path
    make_contribution(signature=signature(make_face(1)))
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {face_vectors.INDEX}")
    assert near_duplicates.cluster_new() == 0
    assert face_vectors.rewrite()
    assert near_duplicates.cluster_new() == 1
