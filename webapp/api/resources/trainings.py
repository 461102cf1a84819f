"""Retrainings by the API, for trainers: start one, follow it, cancel it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from pydantic import Field
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import FormParser, JSONParser

from labeling.models import Exam, TrainingRun
from labeling.models.user import Scope
from labeling.training import run_options, run_progress, training_runs
from ml.config import GATE_POLICIES, NETWORKS
from webapp.api import examples, pages, shapes
from webapp.api.access import Need, UserRequest
from webapp.api.operations import operation
from webapp.api.shapes import WHOLE, Answer, Body, OneOf, Share
from webapp.forms.training import StartForm
from workers import launch

TAG = "trainings"
PARSERS = (JSONParser, FormParser)
Status = TrainingRun.Status
Preset = TrainingRun.Preset
Outcome = Exam.Outcome


class Wish(Body):
    preset: Preset
    start: Annotated[str, OneOf(run_options.STARTS)] | None = None
    policy: Annotated[str, OneOf(GATE_POLICIES)] | None = Field(
        None, description="What the exam asks of the new model."
    )
    weight: float | None = Field(
        None,
        ge=StartForm.LEAST_WEIGHT,
        le=run_options.MOST_WEIGHT,
        description="Of a contribution, against 1 for a FER-2013 face.",
    )
    network: Annotated[str, OneOf(NETWORKS)] | None = Field(
        None, description="Only from scratch."
    )
    epochs: Annotated[int, Field(ge=1, le=StartForm.MOST_EPOCHS), WHOLE] | None = None
    hosts: Annotated[int, Field(ge=1, le=run_options.MOST_HOSTS), WHOLE] | None = Field(
        None, description="Training hosts that share the work of each step."
    )


class Run(Answer):
    id: int
    preset: Preset
    status: Status
    created_at: datetime
    finished_at: datetime | None
    progress: Share = Field(description="0 to 1, with the exam.")
    seconds_left: float | None
    message: str
    version: str | None = Field(description="What it has trained.")
    outcome: Outcome | None = Field(description="Of the exam.")
    verdict: str | None


class Runs(pages.Page[Run]):
    """The latest first."""


@operation(
    "start_training",
    "Start a retraining",
    tag=TAG,
    scope=Scope.TRAIN,
    needs=Need.TRAINER,
    request={shapes.JSON: Wish},
    is_repeatable=True,
    answers={202: Run},
    refusals=[
        *("already_running", "bad_option", "no_fer2013", "too_little_data", "no_room"),
    ],
    examples=[examples.WISH],
)
def start(request: UserRequest) -> Answer:
    """One runs at a time. A form is taken as well as JSON."""
    sent: Any = request.data
    form = StartForm(sent if isinstance(sent, dict) else {})
    if not form.is_valid():
        fields: Any = form.errors
        raise ValidationError(fields)
    shapes.check(request, Wish)
    run = launch.start_training(
        preset=form.cleaned_data["preset"],
        by=request.user,
        trigger=TrainingRun.Trigger.API,
        options=form.options(),
    )
    return _run(run.pk)


@operation(
    "list_trainings",
    "All retrainings",
    tag=TAG,
    scope=Scope.TRAIN,
    needs=Need.TRAINER,
    query=pages.Listing,
    answers={200: Runs},
    refusals=["not_found"],
)
def list_runs(request: UserRequest, query: pages.Listing) -> Answer:
    return pages.page(request, _rows(), Runs, order=("-id",), shape=_runs)


@operation(
    "training",
    "How a retraining is getting on",
    tag=TAG,
    scope=Scope.TRAIN,
    needs=Need.TRAINER,
    answers={200: Run},
    refusals=["not_found"],
)
def show(request: UserRequest, pk: int) -> Answer:
    """Ask again with `If-None-Match` and the `ETag` that came with it: while nothing
    has changed, the answer is an empty 304."""
    return _run(pk)


@operation(
    "training_log",
    "What a retraining has written down",
    tag=TAG,
    scope=Scope.TRAIN,
    needs=Need.TRAINER,
    answers={(200, "text/plain"): OpenApiTypes.STR},
    refusals=["not_found"],
)
def log(request: UserRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(TrainingRun.objects.only("log"), pk=pk)
    return HttpResponse(run.log, content_type="text/plain; charset=utf-8")


@operation(
    "cancel_training",
    "Cancel a retraining",
    tag=TAG,
    scope=Scope.TRAIN,
    needs=Need.TRAINER,
    answers={202: Run},
    refusals=["not_found", "not_active"],
)
def cancel(request: UserRequest, pk: int) -> Answer:
    """It ends within seconds."""
    training_runs.cancel(get_object_or_404(_rows(), pk=pk), by=request.user)
    return _run(pk)


def _rows() -> QuerySet[TrainingRun]:
    rows = TrainingRun.objects.select_related("version", "exam")
    return rows.defer("log", "version__card")


def _run(pk: int) -> Run:
    return _shape(get_object_or_404(_rows(), pk=pk))


def _runs(rows: Sequence[TrainingRun]) -> list[Run]:
    return [_shape(row) for row in rows]


def _shape(run: TrainingRun) -> Run:
    exam = getattr(run, "exam", None)
    version = getattr(run, "version", None)
    outlook = run_progress.of(run)
    return Run(
        id=run.pk,
        preset=Preset(run.preset),
        status=Status(run.status),
        created_at=run.created_at,
        finished_at=run.finished_at,
        progress=outlook.share,
        seconds_left=outlook.seconds_left,
        message=run.message,
        version=version.name if version else None,
        outcome=Outcome(exam.outcome) if exam else None,
        verdict=exam.report.get("sentence") if exam else None,
    )
