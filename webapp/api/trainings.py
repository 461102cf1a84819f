"""Retrainings by the API, for trainers: start one, ask how it is, cancel it."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema as describe
from rest_framework.decorators import api_view, parser_classes, permission_classes
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.parsers import FormParser, JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.models import TrainingRun
from labeling.training import run_progress, training_runs
from webapp.api import serializers
from webapp.forms.training import StartForm
from webapp.http.access import person
from workers import launch


class IsTrainer(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        user = person(request)
        if user and user.owes_second_factor:
            raise PermissionDenied(
                _("Please set up two-step sign-in first, on your account page."),
                "second_factor_missing",
            )
        return bool(user and user.is_trainer)


@describe(
    operation_id="start_training",
    summary="Start a retraining",
    request=serializers.Wish,
    responses={202: serializers.Run, "4XX": serializers.Error},
)
@api_view(["POST"])
@permission_classes([IsTrainer])
@parser_classes([JSONParser, FormParser])
def start(request: Request) -> Response:
    form = StartForm(request.data if isinstance(request.data, dict) else {})
    if not form.is_valid():
        fields: Any = form.errors
        raise ValidationError(fields)
    run = launch.start_training(
        preset=form.cleaned_data["preset"],
        by=person(request),
        trigger=TrainingRun.Trigger.API,
        options=form.options(),
    )
    run.refresh_from_db()
    return Response(_json(run), status=202)


@describe(
    operation_id="training",
    summary="How a retraining is getting on",
    responses={200: serializers.Run, "4XX": serializers.Error},
)
@api_view(["GET"])
@permission_classes([IsTrainer])
def show(request: Request, pk: int) -> Response:
    return Response(_json(_run(pk)))


@describe(
    operation_id="cancel_training",
    summary="Cancel a retraining",
    request=None,
    responses={202: serializers.Run, "4XX": serializers.Error},
)
@api_view(["POST"])
@permission_classes([IsTrainer])
def cancel(request: Request, pk: int) -> Response:
    training_runs.cancel(_run(pk), by=person(request))
    return Response(_json(_run(pk)), status=202)


def _run(pk: int) -> TrainingRun:
    runs = TrainingRun.objects.select_related("version", "exam")
    return get_object_or_404(runs.defer("log", "version__card"), pk=pk)


def _json(run: TrainingRun) -> dict[str, object]:
    exam = getattr(run, "exam", None)
    version = getattr(run, "version", None)
    outlook = run_progress.of(run)
    return {
        "id": run.pk,
        "preset": run.preset,
        "status": run.status,
        "progress": outlook.share,
        "seconds_left": outlook.seconds_left,
        "message": run.message,
        "version": version.name if version else None,
        "outcome": exam.outcome if exam else None,
        "verdict": exam.report.get("sentence") if exam else None,
    }
