"""The versions: what each learned from, how it did, who decided; and deciding."""

import csv
from collections.abc import Callable
from itertools import chain

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import formats, timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from labeling.figures import number, percent
from labeling.models import Exam, ModelVersion, Promotion
from labeling.papers import model_card
from labeling.registry import lineage, model_versions
from labeling.review import demand
from labeling.stats import feedback_rates
from ml.artefact.card import DataFacts, StoredCard
from ml.artefact.figures import Evaluation, Figures
from ml.evaluation.exam_report import StoredReport
from webapp.charts.axes import Chart
from webapp.forms import ids
from webapp.http.access import UserRequest, person, trainers_only
from webapp.http.error_responses import message_and_back, on_problem
from webapp.presenters import exam_charts, exam_report, verdict, versions
from webapp.views import pages

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
        "least_answers": feedback_rates.LEAST_FOR_A_SHARE,
    }
    return render(request, "models/models.html", context)


@require_safe
def model(request: HttpRequest, name: str) -> HttpResponse:
    version = get_object_or_404(
        ModelVersion.objects.select_related("parent", "run__snapshot"), name=name
    )
    summary = versions.summarise([version])[0]
    exam = version.exams.order_by("-pk").first()
    card = StoredCard.read(version.card)
    promotions = list(version.promotions.select_related("by", "former"))
    context = {
        "version": version,
        "summary": summary,
        "champion": model_versions.current(),
        "promotions": promotions,
        "verdict": verdict.read(exam) if exam else None,
        "may_be_promoted": not version.is_champion and not version.contaminated_at,
        "proposal": _proposal(version),
        "asked": demand.of_pictures() if version.is_champion else [],
        "facts": _facts(summary, card),
        "answers": versions.answers_of(card),
        "seen": _seen(version, card.snapshot),
        "left_out": exam_report.left_out(getattr(version.run, "snapshot", None)),
        "recipe": sorted(card.config.items()),
        "files": sorted(card.files.items()),
        **_charts(_figures_of(card, exam), summary, exam_report.emotions_of(version)),
    }
    return render(request, "models/model.html", context)


@require_safe
def card(request: HttpRequest, name: str) -> HttpResponse:
    """The model card, as a paper."""
    version = get_object_or_404(ModelVersion, name=name)
    user = person(request)
    exam = version.exams.order_by("-pk").first()
    is_english = get_language() == "en"  # then in the words of `ml compare`
    text = model_card.text(
        version,
        for_trainers=bool(user and user.is_trainer),
        sentence="" if is_english or not exam else verdict.read(exam).sentence,
    )
    return pages.paper(request, text, back="model", name=name)


def _figures_of(card: StoredCard, exam: Exam | None) -> Figures:
    """How it did: in its own exam, else by its card; never PrivateTest."""
    return StoredReport.read(exam.report).challenger if exam else card.figures()


def _charts(
    figures: Figures, summary: versions.VersionSummary, names: list[str]
) -> dict[str, Chart | None]:
    by_label = _("How often it is right, by expression")
    mixed_up = _("What it mixes up, in percent")
    return {
        "recall_chart": exam_charts.recalls(figures, title=by_label, names=names),
        "image_chart": exam_charts.images(figures),
        "confusion_chart": exam_charts.confusion(figures, mixed_up, names),
        "correction_chart": versions.corrections_chart([summary]),
    }


def _proposal(version: ModelVersion) -> feedback_rates.Proposal | None:
    proposal = feedback_rates.roll_back_proposal()
    return proposal if proposal and proposal.version.pk == version.pk else None


def _facts(
    summary: versions.VersionSummary, card: StoredCard
) -> list[tuple[str, object]]:
    threshold = card.certainty_threshold
    rows = [
        (
            _("Made"),
            formats.date_format(
                timezone.localtime(summary.version.created_at), "DATETIME_FORMAT"
            ),
        ),
        (_("Right on faces it had never seen"), summary.accuracy_text),
        (_("Network"), card.config.get("network")),
        (_("Parameters"), _count(card.params)),
        (_("Multiply-adds"), _count(card.multiply_adds)),
        (_("“Hard to say” below"), percent(threshold) if threshold else ""),
        (_("Snapshot"), (card.snapshot.hash or "")[:12]),
    ]
    if summary.correction:
        rows.append(
            (_("Called wrong by people"), _corrected(summary.correction)),
        )
    wrong, told = feedback_rates.answers_from_devices(summary.version.pk)
    if told:
        apart = _("%(wrong)s of %(answers)s; nothing proves these, so they count apart")
        words = {"wrong": wrong, "answers": versions.answers(told)}
        rows.append((_("Called wrong where browsers looked"), apart % words))
    return [(name, value) for name, value in rows if value]


def _corrected(correction: feedback_rates.FeedbackRate) -> str:
    if not correction.is_enough:
        return _("%(answers)s; a share is shown from %(least)s on") % {
            "answers": versions.answers(correction.n),
            "least": feedback_rates.LEAST_FOR_A_SHARE,
        }
    return _("%(rate)s %% (%(low)s–%(high)s) of %(answers)s") % {
        "rate": number(correction.rate * 100),
        "low": number(correction.low * 100),
        "high": number(correction.high * 100),
        "answers": versions.answers(correction.n),
    }


def _count(value: int) -> str:
    return number(value) if value else ""


def _seen(version: ModelVersion, snapshot: DataFacts) -> list[tuple[str, int]]:
    """What it learned from, in counts; through its ancestors too."""
    cleaning = snapshot.cleaning
    given = lineage.faces_seen_by(version).values("contribution_id").distinct()
    rows = [
        (_("Faces of FER-2013"), snapshot.fer2013.rows),
        (_("Faces from visitors"), snapshot.contributions),
        (_("Faces from visitors, with those of the models before it"), given.count()),
        (_("Left out: they are in a test set too"), cleaning.leaked),
        (_("Left out: the same picture twice"), cleaning.duplicates),
        (_("Left out: not a face"), cleaning.non_faces),
        (_("Kept apart to choose settings by"), cleaning.tune),
    ]
    for name, folder in snapshot.extra.items():
        rows.append((_("Faces of %(name)s") % {"name": name}, folder.rows))
    return [(name, value) for name, value in rows if value]


@require_safe
@trainers_only
def rows(request: UserRequest, name: str) -> StreamingHttpResponse:
    """Every given face that it or an ancestor learned from, by number only."""
    version = get_object_or_404(ModelVersion, name=name)
    seen = lineage.export_faces_seen_by(version, by=request.user)
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
            "figures": _shares(Evaluation.read(version.private_test)),
        }
        for version in measured
    ]
    context = {"rows": rows, "heads": FIGURES.values()}
    return render(request, "models/figures.html", context)


def _shares(figures: Evaluation) -> list[str]:
    values = (getattr(figures, name) for name in FIGURES)
    return ["–" if value is None else percent(value, 1) for value in values]


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
    former = None
    if seen := request.POST.get("instead_of"):
        former = get_object_or_404(ModelVersion, pk=ids.number(seen))
    reason = request.POST.get("reason", "")[:1000]
    verb(version, by=request.user, reason=reason, instead_of=former)
    messages.success(request, _("%(name)s is in use now.") % {"name": version.name})
    return redirect("model", name)


urlpatterns = [
    path("", models, name="models"),
    path("figures/", figures, name="model-figures"),
    path("<str:name>/", model, name="model"),
    path("<str:name>/card/", card, name="model-card"),
    path("<str:name>/rows.csv", rows, name="model-rows"),
    path("<str:name>/override/", override, name="model-override"),
    path("<str:name>/roll-back/", roll_back, name="model-roll-back"),
]
