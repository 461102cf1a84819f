"""`ml compare`'s report, made ready for people: figures, charts, changed faces.

Reports of older formats stay in the database for good: nothing here insists on a key.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from labeling.emotions import Emotion
from labeling.figures import number
from labeling.models import Exam, ModelVersion, Snapshot
from labeling.training import exams
from ml.artefact.card import StoredCard
from ml.evaluation.exam_report import (
    CandidateFigures,
    Difference,
    Guard,
    Slice,
    StoredReport,
)
from webapp.charts.axes import Chart
from webapp.presenters import exam_charts, exam_table
from webapp.presenters.exam_charts import slice_name, word
from webapp.presenters.formats import colon


@dataclass(frozen=True)
class ShownGuard:
    name: str
    broken: bool
    detail: str


# When a new model is put in use.
POLICIES: dict[str, Promise] = {
    "improves": gettext_lazy("If it is better and fails no check"),
    "significant": gettext_lazy("Only if it is clearly better, beyond chance"),
}


@dataclass(frozen=True)
class ShownReport:
    """What the page of a run says of its exam."""

    sentence: str
    policy: str
    n: int
    slices: str
    uses: int
    champion_name: str
    challenger_name: str
    figures: list[exam_table.Row]
    difference_chart: Chart | None
    difference_sentence: str
    recall_charts: list[Chart]
    guards: list[ShownGuard]
    confusions: list[Chart]
    fixed: int
    broken: int


def read(exam: Exam) -> ShownReport:
    report = StoredReport.read(exam.report)
    champion = report.champion or CandidateFigures()
    challenger = report.challenger
    difference = report.difference or Difference()
    names = emotions_of(exam.challenger)
    recall_charts = (
        exam_charts.recall_differences(difference, names),
        exam_charts.both_recalls(champion, challenger, names),
    )
    confusions = (
        exam_charts.confusion(side, title, names)
        for side, title in (
            (champion, _("Present model, in percent of each row")),
            (challenger, _("New model, in percent of each row")),
        )
    )
    return ShownReport(
        sentence=report.sentence,
        policy=str(POLICIES.get(exam.policy, exam.policy)),
        n=report.exam.n,
        slices=_slices(report.exam.slices),
        uses=exams.uses(exam),
        champion_name=champion.name or "–",
        challenger_name=challenger.name or exam.challenger.name,
        figures=exam_table.rows(champion, challenger, difference),
        difference_chart=exam_charts.differences(difference),
        difference_sentence=_difference_sentence(difference),
        recall_charts=[chart for chart in recall_charts if chart],
        guards=[_guard(guard) for guard in report.guards],
        confusions=[chart for chart in confusions if chart],
        fixed=len(report.changed.fixed),
        broken=len(report.changed.broken),
    )


def emotions_of(version: ModelVersion) -> list[str]:
    """In the order of its outputs: Postgres does not keep that of a report's keys."""
    return list(StoredCard.read(version.card).emotions or Emotion.values)


def snapshot_facts(snapshot: Snapshot | None) -> list[tuple[str, str]]:
    if snapshot is None:
        return []
    known = {
        "rows": _("Given faces it learned from"),
        "doubted_labels": _("Labels in doubt among them"),
        "weight": _("Their weight together"),
        "exam_rows": _("Given faces in the exam"),
    }
    counts = snapshot.manifest
    found = [(known[name], number(counts[name])) for name in known if name in counts]
    return [(_("Snapshot"), snapshot.hash[:12]), *found]


def left_out(snapshot: Snapshot | None) -> str:
    """Why a run learned from fewer faces than are accepted; "" where it did not, or
    where that is not on record."""
    if snapshot is None:
        return ""
    said = snapshot.manifest.get
    accepted, rows = said("accepted") or 0, said("rows") or 0
    copies, for_exam = said("copies") or 0, said("for_exam") or 0
    if accepted <= rows:
        return ""
    parts = [
        (copies, ngettext("%(n)s was a copy", "%(n)s were copies", copies)),
        (
            for_exam,
            ngettext("%(n)s was kept for exams", "%(n)s were kept for exams", for_exam),
        ),
        (
            rest := max(accepted - rows - copies - for_exam, 0),
            ngettext("%(n)s was set aside", "%(n)s were set aside", rest),
        ),
    ]
    why = ", ".join(text % {"n": number(count)} for count, text in parts if count)
    return _("%(accepted)s accepted, %(rows)s learned from: %(why)s.") % {
        "accepted": number(accepted),
        "rows": number(rows),
        "why": why,
    }


def _difference_sentence(difference: Difference) -> str:
    if difference.mcnemar_p is None:
        return ""
    return _(
        "Of the faces on which they differ, the present model alone is right on %(old)s"
        " and the new one alone on %(new)s (exact McNemar test, %(p)s)."
    ) % {
        "old": _or_dash(difference.champion_only),
        "new": _or_dash(difference.challenger_only),
        "p": _p(difference.mcnemar_p),
    }


def _or_dash(count: int | None) -> str:
    return "–" if count is None else number(count)


def _p(value: float) -> str:
    small = value < 0.001
    return f"p < {number(0.001, 3)}" if small else f"p = {number(value, 3)}"


def _guard(guard: Guard) -> ShownGuard:
    kind, _colon, what = guard.name.partition(":")
    names = {
        "recall": _("%(what)s faces") % {"what": word(what)},
        "slice": _("slice %(what)s") % {"what": slice_name(what)},
        "ferplus": _("agreement with FER+"),
        "bytes": _("file size"),
        "multiply_adds": _("multiply-adds"),
    }
    detail = ""
    if kind in ("recall", "slice", "ferplus") and guard.p is not None:
        points = -100 * guard.loss
        detail = _("%(points)s points, %(p)s") % {
            "points": number(points, 1, signed=True),
            "p": _p(guard.p),
        }
    return ShownGuard(names.get(kind, kind), guard.broken, detail)


def _slices(slices: Sequence[Slice]) -> str:
    return ", ".join(
        f"{slice_name(part.name)}{colon()}{number(part.n)}" for part in slices
    )
