"""`ml compare`'s report, made ready for people: figures, charts, changed faces.

Reports of older formats stay in the database for good: nothing here insists on a key.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from labeling.emotions import Emotion
from labeling.models import Exam, ModelVersion, Snapshot
from labeling.training import exams
from webapp.presenters import exam_charts, exam_table
from webapp.presenters.exam_charts import Figures, slice_name, word


def read(exam: Exam) -> dict[str, Any]:
    report = exam.report
    champion: Figures = report.get("champion") or {}
    challenger: Figures = report.get("challenger") or {}
    difference: Figures = report.get("difference") or {}
    taken = report.get("exam") or {}
    changed = report.get("changed") or {}
    names = emotions_of(exam.challenger)
    return {
        "sentence": report.get("sentence", ""),
        "n": taken.get("n", 0),
        "slices": _slices(taken.get("slices") or []),
        "uses": exams.uses(exam),
        "champion_name": champion.get("name") or "–",
        "challenger_name": challenger.get("name") or exam.challenger.name,
        "figures": exam_table.rows(champion, challenger, difference),
        "difference_chart": exam_charts.differences(difference),
        "difference_sentence": _difference_sentence(difference),
        "recall_charts": [
            chart
            for chart in (
                exam_charts.recall_differences(difference, names),
                exam_charts.both_recalls(champion, challenger, names),
            )
            if chart
        ],
        "guards": [_guard(guard) for guard in report.get("guards") or []],
        "confusions": [
            exam_charts.confusion(side, title, names)
            for side, title in (
                (champion, _("Champion, in percent of each row")),
                (challenger, _("Challenger, in percent of each row")),
            )
            if side.get("confusion")
        ],
        "fixed": len(changed.get("fixed") or []),
        "broken": len(changed.get("broken") or []),
    }


def emotions_of(version: ModelVersion) -> list[str]:
    """In the order of its outputs: Postgres does not keep that of a report's keys."""
    return list(version.card.get("emotions") or Emotion.values)


def snapshot_facts(snapshot: Snapshot | None) -> list[tuple[str, Any]]:
    if snapshot is None:
        return []
    known = {
        "rows": _("Faces given, to learn from"),
        "doubted_labels": _("of them with a doubted label"),
        "weight": _("that count for"),
        "exam_rows": _("Faces given, for the exam"),
    }
    counts = snapshot.manifest
    found = [(known[name], f"{counts[name]:,}") for name in known if name in counts]
    return [(_("Snapshot"), snapshot.hash[:12]), *found]


def _difference_sentence(difference: Figures) -> str:
    if "mcnemar_p" not in difference:
        return ""
    return _(
        "Of the faces on which they differ, the champion alone is right on %(old)s and"
        " the challenger alone on %(new)s (exact McNemar test, %(p)s)."
    ) % {
        "old": difference.get("champion_only", "–"),
        "new": difference.get("challenger_only", "–"),
        "p": _p(difference["mcnemar_p"]),
    }


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def _guard(guard: Figures) -> dict[str, Any]:
    kind, _colon, what = str(guard.get("name", "")).partition(":")
    names = {
        "recall": _("%(what)s faces") % {"what": word(what)},
        "slice": _("slice %(what)s") % {"what": slice_name(what)},
        "ferplus": _("agreement with FER+"),
        "bytes": _("file size"),
        "multiply_adds": _("multiply-adds"),
    }
    detail = ""
    if kind in ("recall", "slice", "ferplus") and "p" in guard:
        points = -100 * float(guard.get("loss") or 0)
        detail = _("%(points)s points, %(p)s") % {
            "points": f"{points:+.1f}",
            "p": _p(guard["p"]),
        }
    return {
        "name": names.get(kind, kind),
        "broken": bool(guard.get("broken")),
        "detail": detail,
    }


def _slices(slices: Sequence[Any]) -> str:
    named = [s for s in slices if isinstance(s, Mapping) and s.get("name")]
    return ", ".join(f"{slice_name(s['name'])}: {s.get('n', '–')}" for s in named)
