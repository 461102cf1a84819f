"""Public data sets by the API: which there are, and what was taken back from them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.shortcuts import get_object_or_404
from pydantic import Field
from rest_framework.request import Request

from labeling.datasets import dataset_release
from labeling.emotions import Emotion
from labeling.models import DatasetRelease, Withdrawal
from labeling.models.user import Scope
from webapp.api import pages
from webapp.api.operations import operation
from webapp.api.shapes import Answer

TAG = "releases"


class Release(Answer):
    id: int
    name: str
    made_at: datetime
    variant: DatasetRelease.Variant
    form: DatasetRelease.Form
    url: str | None = Field(description="Where it can be downloaded, if anywhere.")
    license: str | None
    faces: int
    emotions: dict[Emotion, int]
    bytes: int
    checksum: str = Field(description="SHA-256 of its SHA256SUMS.")
    before: int | None = Field(description="The release that it continues.")
    added: int = Field(description="Faces, since that one.")
    gone: int


class Releases(pages.Page[Release]):
    """The latest first."""


class WithdrawnFace(Answer):
    id: UUID
    withdrawn_at: datetime


class WithdrawnFaces(pages.Page[WithdrawnFace]):
    """The latest first: whoever took a release deletes these from it."""


@operation(
    "list_releases",
    "The public data sets",
    tag=TAG,
    scope=Scope.READ,
    query=pages.Listing,
    answers={200: Releases},
    refusals=["not_found"],
)
def list_releases(request: Request, query: pages.Listing) -> Answer:
    rows = dataset_release.made().defer("croissant")
    return pages.page(request, rows, Releases, order=("-id",), shape=_releases)


@operation(
    "show_release",
    "A public data set",
    tag=TAG,
    scope=Scope.READ,
    answers={200: Release},
    refusals=["not_found"],
)
def show(request: Request, pk: int) -> Answer:
    rows = dataset_release.made().defer("croissant")
    return _release(get_object_or_404(rows, pk=pk))


@operation(
    "list_withdrawn",
    "The faces of public data sets that were taken back since",
    tag=TAG,
    scope=Scope.READ,
    query=pages.Listing,
    answers={200: WithdrawnFaces},
    refusals=["not_found"],
)
def withdrawn(request: Request, query: pages.Listing) -> Answer:
    rows = Withdrawal.objects.filter(was_released=True)
    order = ("-withdrawn_at", "pk")
    return pages.page(request, rows, WithdrawnFaces, order=order, shape=_withdrawn)


def _releases(rows: Sequence[DatasetRelease]) -> list[Release]:
    return [_release(row) for row in rows]


def _release(row: DatasetRelease) -> Release:
    assert row.made_at is not None  # noqa: S101  as `made` sees to
    return Release(
        id=row.pk,
        name=row.name,
        made_at=row.made_at,
        variant=DatasetRelease.Variant(row.variant),
        form=DatasetRelease.Form(row.form),
        url=row.url or None,
        license=row.license or None,
        faces=row.count,
        emotions={Emotion(name): n for name, n in row.emotions.items()},
        bytes=row.size,
        checksum=row.checksum,
        before=row.before_id,
        added=row.added,
        gone=row.gone,
    )


def _withdrawn(rows: Sequence[Withdrawal]) -> list[WithdrawnFace]:
    return [WithdrawnFace(id=row.pk, withdrawn_at=row.withdrawn_at) for row in rows]
