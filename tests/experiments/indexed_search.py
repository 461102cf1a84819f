"""Known faces in a database, searched as the site searches: by Postgres' index."""

# ruff: noqa: E402 (Django is set up before anything of ours is imported)

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID, uuid4

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.core.management import call_command
from django.db import connection, transaction

from labeling import face_vectors
from labeling.contributions.near_duplicates import LIKELY
from labeling.models import Contribution, Crop
from ml.vision.near_duplicates import SAME, Match, SignatureIndex


class IndexedSearch:
    """Finds as a `SignatureIndex` does."""

    def __init__(self, known: dict[UUID, bytes]) -> None:
        self._signatures = known
        self._places = {pk: place for place, pk in enumerate(known)}

    def __len__(self) -> int:
        return len(self._signatures)

    def find(self, query: bytes, *, min_score: float = SAME) -> list[Match]:
        likeliest = face_vectors.likeliest(query)
        index = SignatureIndex([self._signatures[pk] for pk in likeliest])
        return [
            match._replace(position=self._places[likeliest[match.position]])
            for match in index.find(query, min_score=min_score, most=LIKELY)
        ]


@contextmanager
def indexed(signatures: Sequence[bytes]) -> Iterator[IndexedSearch]:
    """They are gone afterwards."""
    call_command("migrate", verbosity=0)
    with transaction.atomic():
        known = {uuid4(): signature for signature in signatures}
        Contribution.objects.bulk_create(
            Contribution(
                pk=pk,
                emotion="neutral",
                source=Contribution.Source.IMPORT,
                digest_key=b"",
                digest=b"",
            )
            for pk in known
        )
        Crop.objects.bulk_create(
            Crop(pk=pk, jpeg=b"", edge=48, signature=signature)
            for pk, signature in known.items()
        )
        face_vectors.add_missing(len(known))
        with connection.cursor() as cursor:  # though they are few
            cursor.execute("SET LOCAL enable_seqscan = off")
        yield IndexedSearch(known)
        transaction.set_rollback(True)
