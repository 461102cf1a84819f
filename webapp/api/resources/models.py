"""The model versions by the API: which there are, how each did, which one serves."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Length
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from pydantic import Field
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from labeling.detection import photos
from labeling.emotions import Emotion
from labeling.models import Exam, ModelFile, ModelVersion, Promotion
from labeling.models.user import Scope
from labeling.registry import model_versions
from webapp.api import pages
from webapp.api.access import Need, UserRequest
from webapp.api.operations import operation
from webapp.api.shapes import Answer, Body

TAG = "models"
Outcome = Exam.Outcome
Origin = ModelVersion.Origin


class CurrentModel(Answer):
    name: str
    created_at: datetime
    emotions: list[Emotion]
    detector: str = Field(description="yunet, or haar.")
    private_test: dict[str, Any] | None = Field(
        description="PrivateTest of FER-2013, measured after promotion."
    )
    card: dict[str, Any] = Field(description="card.json of the artefact.")


class Version(Answer):
    name: str
    created_at: datetime
    origin: Origin
    is_champion: bool = Field(description="It is the one in use.")
    is_contaminated: bool = Field(
        description="A face that it, or an ancestor, learned from was taken back."
    )
    parent: str | None = Field(description="The version that it continues.")
    training: int | None = Field(description="The number of the run that made it.")
    outcome: Outcome | None = Field(description="Of its exam.")
    verdict: str | None


class Versions(pages.Page[Version]):
    """The latest first."""


class ChangeOfModel(Answer):
    at: datetime
    kind: Promotion.Kind
    former: str | None


class WholeVersion(Version):
    card: dict[str, Any] = Field(description="card.json of the artefact.")
    private_test: dict[str, Any] | None
    promotions: list[ChangeOfModel] = Field(description="When it was put in use.")


class Report(Answer):
    version: str
    champion: str | None = Field(description="What it was compared with.")
    policy: str
    outcome: Outcome
    report: dict[str, Any] = Field(
        description="What `python -m ml compare` wrote: figures of both, guards, "
        "confusion, and the sentence."
    )


class File(Answer):
    name: str
    bytes: int
    sha256: str


class Files(Answer):
    results: list[File]


class Change(Body):
    reason: str = Field(
        min_length=1, max_length=1000, description="Stays on record, with your name."
    )
    instead_of: str | None = Field(
        None,
        max_length=40,
        description="The model that you take to be in use: if it is another, nothing "
        "happens.",
    )


@operation(
    "model",
    "The current model",
    tag=TAG,
    scope=Scope.READ,
    answers={200: CurrentModel},
    refusals=["no_model"],
)
def current(request: Request) -> Answer:
    champion = model_versions.current()
    if champion is None:
        raise photos.NoModel
    return CurrentModel(
        name=champion.name,
        created_at=champion.created_at,
        emotions=champion.card.get("emotions", []),
        detector=photos.detector().name,
        private_test=champion.private_test,
        card=champion.card,
    )


@operation(
    "list_models",
    "All models",
    tag=TAG,
    scope=Scope.READ,
    query=pages.Listing,
    answers={200: Versions},
    refusals=["not_found"],
)
def list_models(request: Request, query: pages.Listing) -> Answer:
    rows = _rows().defer("card")
    return pages.page(request, rows, Versions, order=("-id",), shape=_versions)


@operation(
    "show_model",
    "A model and its card",
    tag=TAG,
    scope=Scope.READ,
    answers={200: WholeVersion},
    refusals=["not_found"],
)
def show(request: Request, name: str) -> Answer:
    version = get_object_or_404(_rows(), name=name)
    promotions = version.promotions.select_related("former")
    return WholeVersion(
        **dict(_version(version)),
        card=version.card,
        private_test=version.private_test,
        promotions=[
            ChangeOfModel(
                at=change.created_at,
                kind=Promotion.Kind(change.kind),
                former=change.former.name if change.former else None,
            )
            for change in promotions
        ],
    )


@operation(
    "model_report",
    "The exam of a model",
    tag=TAG,
    scope=Scope.READ,
    needs=Need.TRAINER,
    answers={200: Report},
    refusals=["not_found"],
)
def report(request: UserRequest, name: str) -> Answer:
    """404 where it sat none, as the model that came with Mien."""
    version = get_object_or_404(ModelVersion.objects.only("pk", "name"), name=name)
    exam = version.exams.select_related("champion").order_by("-pk").first()
    if exam is None:
        raise NotFound
    return Report(
        version=version.name,
        champion=exam.champion.name if exam.champion else None,
        policy=exam.policy,
        outcome=Outcome(exam.outcome),
        report=exam.report,
    )


@operation(
    "list_model_files",
    "The files of a model",
    tag=TAG,
    scope=Scope.READ,
    needs=Need.TRAINER,
    answers={200: Files},
    refusals=["not_found"],
)
def files(request: UserRequest, name: str) -> Answer:
    version = get_object_or_404(ModelVersion.objects.only("pk"), name=name)
    rows = version.files.annotate(size=Length("content")).order_by("name")
    found = rows.values_list("name", "size", "sha256")
    return Files(
        results=[File(name=name, bytes=size, sha256=sha) for name, size, sha in found]
    )


@operation(
    "model_file",
    "One file of a model",
    tag=TAG,
    scope=Scope.READ,
    needs=Need.TRAINER,
    answers={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    refusals=["not_found"],
)
def file(request: UserRequest, name: str, file: str) -> HttpResponse:
    """Its `ETag` is its SHA-256."""
    found = get_object_or_404(ModelFile, version__name=name, name=file)
    response = HttpResponse(
        bytes(found.content), content_type="application/octet-stream"
    )
    response["Content-Disposition"] = f'attachment; filename="{found.name}"'
    response["ETag"] = f'"{found.sha256}"'
    return response


@operation(
    "promote_model",
    "Put a model in use",
    tag=TAG,
    scope=Scope.TRAIN,
    needs=Need.TRAINER,
    body=Change,
    answers={200: Version},
    refusals=[
        *("not_found", "reason_missing", "contaminated", "already_champion"),
        "champion_changed",
    ],
)
def promote(request: UserRequest, name: str, body: Change) -> Answer:
    """Whatever its exam said. It serves from the next request on."""
    return _change(request, name, body, model_versions.override)


@operation(
    "roll_back_model",
    "Go back to a model that was in use before",
    tag=TAG,
    scope=Scope.TRAIN,
    needs=Need.TRAINER,
    body=Change,
    answers={200: Version},
    refusals=[
        *("not_found", "reason_missing", "contaminated", "already_champion"),
        *("champion_changed", "never_served"),
    ],
)
def roll_back(request: UserRequest, name: str, body: Change) -> Answer:
    return _change(request, name, body, model_versions.roll_back)


def _change(
    request: UserRequest, name: str, said: Change, verb: Callable[..., Promotion]
) -> Version:
    version = get_object_or_404(ModelVersion, name=name)
    former = None
    if said.instead_of:
        former = get_object_or_404(ModelVersion, name=said.instead_of)
    verb(version, by=request.user, reason=said.reason, instead_of=former)
    return _version(get_object_or_404(_rows(), name=name))


def _rows() -> QuerySet[ModelVersion]:
    rows = ModelVersion.objects.select_related("parent").prefetch_related("exams")
    return rows.defer("parent__card")


def _versions(rows: Sequence[ModelVersion]) -> list[Version]:
    return [_version(row) for row in rows]


def _version(row: ModelVersion) -> Version:
    exam = max(row.exams.all(), key=lambda exam: exam.pk, default=None)
    return Version(
        name=row.name,
        created_at=row.created_at,
        origin=Origin(row.origin),
        is_champion=row.is_champion,
        is_contaminated=row.contaminated_at is not None,
        parent=row.parent.name if row.parent else None,
        training=row.run_id,
        outcome=Outcome(exam.outcome) if exam else None,
        verdict=exam.report.get("sentence") if exam else None,
    )
