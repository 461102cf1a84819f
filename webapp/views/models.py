"""The versions: what each learned from, how it did, who decided; and deciding."""

import csv
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from labeling.models import Exam, ModelVersion, Promotion
from labeling.registry import lineage, model_versions
from labeling.stats import feedback_rates
from webapp.http.access import UserRequest, trainers_only
from webapp.http.error_responses import message_and_back, on_problem
from webapp.presenters import exam_charts, exam_report, versions

FIGURES = {
    "accuracy": gettext_lazy("Accuracy"),
    "accuracy_without_leaked": gettext_lazy("Without leaked faces"),
    "top2": gettext_lazy("First or second"),
    "macro_f1": gettext_lazy("Macro-F1"),
    "ece": gettext_lazy("Calibration error"),
}


@require_safe
def models(request: HttpRequest) -> HttpResponse:
    summaries = versions.summarise(ModelVersion.objects.all())
    promotions = Promotion.objects.select_related("version")
    context = {
        "versions": summaries,
        "champion": next((s for s in summaries if s.version.is_champion), None),
        "charts": versions.over_time(summaries, promotions),
    }
    return render(request, "models/models.html", context)


@require_safe
def model(request: HttpRequest, name: str) -> HttpResponse:
    version = get_object_or_404(
        ModelVersion.objects.select_related("parent"), name=name
    )
    summary = versions.summarise([version])[0]
    exam = version.exams.order_by("-pk").first()
    champion = model_versions.current()
    promotions = list(version.promotions.select_related("by", "former"))
    context = {
        "version": version,
        "summary": summary,
        "champion": champion,
        "promotions": promotions,
        "verdict": exam.report.get("sentence", "") if exam else "",
        "may_be_promoted": not version.is_champion and not version.contaminated_at,
        "proposal": _proposal(version),
        "facts": _facts(summary, version.card),
        "seen": _seen(version),
        "recipe": sorted((version.card.get("config") or {}).items()),
        "files": sorted((version.card.get("files") or {}).items()),
        **_charts(
            _figures_of(version, exam), summary, exam_report.emotions_of(version)
        ),
    }
    return render(request, "models/model.html", context)


def _figures_of(version: ModelVersion, exam: Exam | None) -> Mapping[str, Any]:
    """How it did: in its own exam, else by its card; never PrivateTest."""
    if exam:
        return exam.report.get("challenger") or {}
    metrics = version.card.get("metrics") or {}
    return metrics.get("public") or metrics.get("tune") or {}


def _charts(
    figures: Mapping[str, Any], summary: versions.VersionSummary, names: list[str]
) -> dict[str, Any]:
    by_label = _("How often it is right, by label")
    mixed_up = _("What it mixes up, in percent")
    has_counts = bool(figures.get("confusion"))
    return {
        "recall_chart": exam_charts.recalls(figures, title=by_label, names=names),
        "confusion_chart": exam_charts.confusion(figures, mixed_up, names)
        if has_counts
        else None,
        "correction_chart": versions.corrections_chart([summary]),
    }


def _proposal(version: ModelVersion) -> feedback_rates.Proposal | None:
    proposal = feedback_rates.roll_back_proposal()
    return proposal if proposal and proposal.version.pk == version.pk else None


def _facts(
    summary: versions.VersionSummary, card: Mapping[str, Any]
) -> list[tuple[str, Any]]:
    rows = [
        (_("Made"), summary.version.created_at.strftime("%Y-%m-%d %H:%M")),
        (_("Right in the exam"), summary.accuracy_text),
        (_("Network"), (card.get("config") or {}).get("network")),
        (_("Parameters"), _count(card.get("params"))),
        (_("Multiply-adds"), _count(card.get("multiply_adds"))),
        (_("“Hard to say” below"), _share(card.get("certainty_threshold"))),
        (_("Snapshot"), str((card.get("snapshot") or {}).get("hash", ""))[:12]),
    ]
    if summary.correction:
        rows.append(
            (_("Corrected by people"), _corrected(summary.correction)),
        )
    return [(name, value) for name, value in rows if value]


def _corrected(correction: feedback_rates.FeedbackRate) -> str:
    return _("%(rate)s %% (%(low)s–%(high)s) of %(answers)s") % {
        "rate": f"{correction.rate * 100:.0f}",
        "low": f"{correction.low * 100:.0f}",
        "high": f"{correction.high * 100:.0f}",
        "answers": versions.answers(correction.n),
    }


def _count(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and value else ""


def _share(value: Any) -> str:
    return f"{value:.0%}" if isinstance(value, float) else ""


def _seen(version: ModelVersion) -> list[tuple[str, int]]:
    """What it learned from, in counts; through its ancestors too."""
    snapshot = _part(version.card, "snapshot")
    cleaning = _part(snapshot, "cleaning")
    given = lineage.faces_seen_by(version).values("contribution_id").distinct()
    rows = [
        (_("Faces of FER-2013"), _part(snapshot, "fer2013").get("rows")),
        (_("Faces given by people"), snapshot.get("contributions")),
        (_("Given faces, with those of its ancestors"), given.count()),
        (_("Left out: they are in a test set too"), cleaning.get("leaked")),
        (_("Left out: the same picture twice"), cleaning.get("duplicates")),
        (_("Left out: not a face"), cleaning.get("non_faces")),
        (_("Kept aside to choose by"), cleaning.get("tune")),
    ]
    extra = _part(snapshot, "extra")
    for name in extra:
        rows.append(
            (_("Faces of %(name)s") % {"name": name}, _part(extra, name).get("rows"))
        )
    return [(name, value) for name, value in rows if value]


def _part(card: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Cards may come from elsewhere: what is not there, or is odd, is empty."""
    part = card.get(name)
    return part if isinstance(part, Mapping) else {}


@require_safe
@trainers_only
def rows(request: UserRequest, name: str) -> StreamingHttpResponse:
    """Every given face that it or an ancestor learned from, by number only."""
    version = get_object_or_404(ModelVersion, name=name)
    seen = lineage.faces_seen_by(version).order_by("snapshot", "contribution_id")
    columns = ("snapshot__run", "contribution_id", "source", "weight", "label")
    writer = csv.writer(Echo())
    values = seen.values_list(*columns).iterator(chunk_size=2000)
    lines = (writer.writerow(row) for row in chain([columns], values))
    response = StreamingHttpResponse(lines, content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="{version.name}.csv"'
    return response


class Echo:
    """What the CSV writer writes into: each line goes straight on."""

    def write(self, line: str) -> str:
        return line


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """PrivateTest, for the world; it stands on no page with a decision."""
    measured = ModelVersion.objects.exclude(private_test=None).defer("card")
    rows = [
        {
            "name": version.name,
            "figures": [_figure(version.private_test, key) for key in FIGURES],
        }
        for version in measured
    ]
    context = {"rows": rows, "heads": FIGURES.values()}
    return render(request, "models/figures.html", context)


def _figure(figures: Mapping[str, Any] | None, key: str) -> str:
    value = (figures or {}).get(key)
    return f"{value * 100:.1f} %" if isinstance(value, (int, float)) else "–"


@require_POST
@trainers_only
@on_problem(message_and_back("model", "name"))
def override(request: UserRequest, name: str) -> HttpResponse:
    return _promote(request, name, model_versions.override)


@require_POST
@trainers_only
@on_problem(message_and_back("model", "name"))
def roll_back(request: UserRequest, name: str) -> HttpResponse:
    return _promote(request, name, model_versions.roll_back)


def _promote(
    request: UserRequest, name: str, verb: Callable[..., Promotion]
) -> HttpResponse:
    version = get_object_or_404(ModelVersion, name=name)
    seen = request.POST.get("instead_of", "")
    former = ModelVersion.objects.filter(pk=seen).first() if seen.isdigit() else None
    reason = request.POST.get("reason", "")[:1000]
    verb(version, by=request.user, reason=reason, instead_of=former)
    messages.success(request, _("%(name)s is champion now.") % {"name": version.name})
    return redirect("model", name)


urlpatterns = [
    path("", models, name="models"),
    path("figures/", figures, name="model-figures"),
    path("<str:name>/", model, name="model"),
    path("<str:name>/rows.csv", rows, name="model-rows"),
    path("<str:name>/override/", override, name="model-override"),
    path("<str:name>/roll-back/", roll_back, name="model-roll-back"),
]
