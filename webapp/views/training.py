"""Retrainings: start one, watch it, read what the exam said."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from labeling.models import Exam, ModelVersion, Promotion, TrainingRun
from labeling.registry import serving
from labeling.stats import feedback_rates, site_stats
from labeling.training import run_progress, schedule, training_runs
from webapp.forms.training import StartForm
from webapp.http.access import UserRequest, trainers_only
from webapp.http.error_responses import Problem, message_and_back, on_problem
from webapp.presenters import (
    changed_predictions,
    exam_report,
    formats,
    training_curves,
    verdict,
    versions,
)
from workers import launch

PER_PAGE = 25
STOP_POLLING = {"HX-Refresh": "true"}


def _to_the_active_run(request: UserRequest, problem: Problem) -> HttpResponse:
    messages.error(request, problem.message)
    active = problem.details.get("run")
    if isinstance(active, TrainingRun):
        return redirect("run", active.pk)
    return redirect("training")


@require_http_methods(["GET", "POST"])
@trainers_only
@on_problem(_to_the_active_run)
def runs(request: UserRequest) -> HttpResponse:
    form = StartForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        run = launch.start_training(
            preset=form.cleaned_data["preset"],
            by=request.user,
            trigger=TrainingRun.Trigger.PERSON,
            options=form.options(),
        )
        return redirect("run", run.pk)
    return render(request, "training/training.html", _overview(request, form))


def _overview(request: UserRequest, form: StartForm) -> dict[str, object]:
    active = TrainingRun.objects.active().defer("log").first()
    all_runs = TrainingRun.objects.select_related("requested_by", "exam", "version")
    listed = all_runs.defer("log", "exam__report", "version__card")
    return {
        "form": form,
        "presets": form.presets(),
        "active": active,
        "runs": Paginator(listed, PER_PAGE).get_page(request.GET.get("page")),
        "champion": versions.of_champion(),
        "promotion": Promotion.objects.first(),
        "alerts": serving.problems(),
        "proposal": feedback_rates.roll_back_proposal(),
        "waits": site_stats.waits(),
        "due": schedule.reason(),
        "contaminated": ModelVersion.objects.exclude(contaminated_at=None).defer(
            "card"
        ),
        "has_fer2013": form.has_fer2013,
        "schedule": form.schedule(),
        **(_progress(active) if active else {}),
    }


@require_GET
@trainers_only
@never_cache
def run(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(
        TrainingRun.objects.select_related("requested_by", "parent"), pk=pk
    )
    exam, snapshot = getattr(row, "exam", None), getattr(row, "snapshot", None)
    context = {
        "run": row,
        "exam": exam,
        "version": getattr(row, "version", None),
        "report": exam_report.read(exam) if exam else None,
        "verdict": verdict.read(exam) if exam else None,
        "alerts": serving.problems(),
        "options": row.options.items(),
        "snapshot": exam_report.snapshot_facts(snapshot),
        "left_out": exam_report.left_out(snapshot),
        **_progress(row),
    }
    return render(request, "training/run.html", context)


@require_GET
@trainers_only
@never_cache
def progress(request: UserRequest, pk: int) -> HttpResponse:
    """The part of the page that changes while a run is on."""
    row = get_object_or_404(TrainingRun.objects.defer("log"), pk=pk)
    if not row.is_active:
        return HttpResponse(headers=STOP_POLLING)
    context = {
        "run": row,
        "in_list": request.GET.get("in") == "list",
        **_progress(row),
    }
    return render(request, "training/progress.html", context)


def _progress(row: TrainingRun) -> dict[str, object]:
    epochs = training_curves.epochs_of(row)
    outlook = run_progress.of(row)
    return {
        "share_done": outlook.share,
        "percent_done": round(outlook.share * 100),
        "left": formats.rough(outlook.seconds_left),
        "epoch": epochs[-1] if epochs else None,
        "curves": training_curves.of(epochs),
    }


@require_GET
@trainers_only
@never_cache
def log(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(TrainingRun, pk=pk)
    return render(request, "training/log.html", {"run": row})


@require_GET
@trainers_only
@never_cache
def changed(request: UserRequest, pk: int) -> HttpResponse:
    """The faces that the challenger sees otherwise, once they come in view."""
    exam = get_object_or_404(Exam.objects.only("report"), run=pk)
    context = {"groups": changed_predictions.groups(exam.report), "run_id": pk}
    name = "training/changed.html" if request.htmx else "training/changed_page.html"
    return render(request, name, context)


@require_POST
@trainers_only
@on_problem(message_and_back("run", "pk", level=messages.WARNING))
def cancel(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(TrainingRun, pk=pk)
    training_runs.cancel(row, by=request.user)
    messages.success(request, _("The run ends within a few seconds."))
    return redirect("run", pk)


urlpatterns = [
    path("", runs, name="training"),
    path("<int:pk>/", run, name="run"),
    path("<int:pk>/progress/", progress, name="run-progress"),
    path("<int:pk>/log/", log, name="run-log"),
    path("<int:pk>/changed/", changed, name="run-changed"),
    path("<int:pk>/cancel/", cancel, name="run-cancel"),
]
