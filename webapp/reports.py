"""`ml compare`'s report, made ready for people: figures, charts, changed faces.

Reports of older formats stay in the database for good: nothing here insists on a key.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from labeling import exams
from labeling.emotions import Emotion
from labeling.models import Exam, ModelVersion, Snapshot
from ml.metrics import wilson
from webapp import charts
from webapp.charts.axes import Chart

Side = Mapping[str, Any]


def read(exam: Exam) -> dict[str, Any]:
    report = exam.report
    champion: Side = report.get("champion") or {}
    challenger: Side = report.get("challenger") or {}
    difference: Side = report.get("difference") or {}
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
        "figures": _figures(champion, challenger),
        "difference_chart": _differences(report),
        "difference_sentence": _difference_sentence(difference),
        "recall_chart": _both_recalls(champion, challenger, names),
        "guards": [_guard(guard) for guard in report.get("guards") or []],
        "confusions": [
            confusion(side, title, names)
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


def recalls(side: Side, *, title: str, names: Sequence[str]) -> Chart | None:
    """Recall of each expression with its interval."""
    recall = _with_intervals(side, names)
    return _recall_chart(title, [(name, recall[name], name) for name in recall])


def _both_recalls(a: Side, b: Side, names: Sequence[str]) -> Chart | None:
    old, new = _with_intervals(a, names), _with_intervals(b, names)
    rows = []
    for name in names:
        if name in old and name in new:
            rows += [(name, new[name], name), ("", old[name], "quiet")]
    return _recall_chart(
        _("Right by label: the challenger in colour, the champion in grey"), rows
    )


def _recall_chart(
    title: str, rows: Sequence[tuple[str, Mapping[str, float], str]]
) -> Chart | None:
    if not rows:
        return None
    return charts.whiskers(
        [
            charts.Whisker(
                name=word(name) if name else "",
                value=r["value"] * 100,
                low=r["low"] * 100,
                high=r["high"] * 100,
                tone=tone,
                emoji=_emoji(name),
            )
            for name, r, tone in rows
        ],
        title=title,
        x_label=_("Recall, %, with its 95 % interval"),
        heads=(_("Expression"), _("Recall, %"), _("Interval")),
        x_range=(0, 100),
    )


def _with_intervals(side: Side, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """`ml compare` gives intervals; for a card's bare recalls the counts tell them."""
    recall = side.get("recall") or {}
    counts = side.get("confusion") or []
    found: dict[str, dict[str, float]] = {}
    for i, name in enumerate(names):
        value = recall.get(name)
        if isinstance(value, Mapping) and value.get("value") is not None:
            found[name] = dict(value)
        elif isinstance(value, (int, float)) and i < len(counts):
            low, high = wilson(counts[i][i], sum(counts[i]))
            found[name] = {"value": value, "low": low, "high": high}
    return found


def word(name: str) -> str:
    return str(Emotion(name).label) if name in Emotion.values else name


def snapshot_facts(snapshot: Snapshot | None) -> list[tuple[str, Any]]:
    if snapshot is None:
        return []
    facts: list[tuple[str, Any]] = [(_("Snapshot"), snapshot.hash[:12])]
    for name, value in snapshot.manifest.items():
        if isinstance(value, (int, float)) and name != "format":
            facts.append((name.replace("_", " ").capitalize(), f"{value:,}"))
    return facts


def _emoji(name: str) -> str:
    return Emotion(name).emoji if name in Emotion.values else ""


def _figures(champion: Side, challenger: Side) -> list[dict[str, str]]:
    rows = [
        _row(_("Accuracy"), champion, challenger, "accuracy", 100, "%", 1),
        _row(_("Macro-F1"), champion, challenger, "macro_f1", 100, "%", 1),
        _row(_("Calibration error"), champion, challenger, "ece", 100, "%", 1),
        _row(_("Agrees with FER+"), champion, challenger, "ferplus", 100, "%", 1),
        _row(_("Size"), champion, challenger, "bytes", 1 / 2**20, "MiB", 2),
        _row(_("Multiply-adds"), champion, challenger, "multiply_adds", 1e-6, "M", 1),
        _row(_("Time a face"), champion, challenger, "ms", 1, "ms", 2),
    ]
    return [row for row in rows if row]


def _row(
    name: str, a: Side, b: Side, key: str, times: float, unit: str, digits: int
) -> dict[str, str]:
    old, new = _number(a.get(key)), _number(b.get(key))
    if old is None and new is None:
        return {}

    def shown(value: float | None) -> str:
        return "–" if value is None else f"{value * times:.{digits}f} {unit}"

    change = ""
    if old is not None and new is not None:
        change = f"{(new - old) * times:+.{digits}f}"
    return {
        "name": name,
        "champion": shown(old) + _interval(a, key, times, digits),
        "challenger": shown(new) + _interval(b, key, times, digits),
        "difference": change,
    }


def _number(value: Any) -> float | None:
    """A figure that may stand alone or beside the n it was measured on."""
    if isinstance(value, Mapping):
        value = value.get("accuracy", value.get("value"))
    return float(value) if isinstance(value, (int, float)) else None


def _interval(side: Side, key: str, times: float, digits: int) -> str:
    ends = side.get(f"{key}_ci")
    if not isinstance(ends, Sequence) or len(ends) != 2:
        return ""
    return f" ({ends[0] * times:.{digits}f}–{ends[1] * times:.{digits}f})"


def _differences(report: Side) -> Chart | None:
    difference: Side = report.get("difference") or {}
    if not {"accuracy", "low", "high"} <= set(difference):
        return None
    row = charts.Whisker(
        name=_("accuracy"),
        value=difference["accuracy"] * 100,
        low=difference["low"] * 100,
        high=difference["high"] * 100,
    )
    return charts.whiskers(
        [row],
        title=_("Challenger minus champion"),
        x_label=_("Points, with the 95 % interval"),
        heads=(_("Figure"), _("Difference, points"), _("Interval")),
        zero=True,
        signed=True,
    )


def _difference_sentence(difference: Side) -> str:
    if "mcnemar_p" not in difference:
        return ""
    return _(
        "Of the faces on which they differ, the champion alone is right on %(old)s and"
        " the challenger alone on %(new)s (exact McNemar test, p = %(p)s)."
    ) % {
        "old": difference.get("champion_only", "–"),
        "new": difference.get("challenger_only", "–"),
        "p": _p(difference["mcnemar_p"]),
    }


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _guard(guard: Side) -> dict[str, Any]:
    kind, _colon, what = str(guard.get("name", "")).partition(":")
    names = {
        "recall": _("%(what)s faces") % {"what": word(what)},
        "slice": _("slice %(what)s") % {"what": what},
        "ferplus": _("agreement with FER+"),
        "bytes": _("file size"),
        "multiply_adds": _("multiply-adds"),
    }
    detail = ""
    if kind in ("recall", "slice", "ferplus") and "p" in guard:
        points = -100 * float(guard.get("loss") or 0)
        detail = _("%(points)s points, p = %(p)s") % {
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
    return ", ".join(f"{s['name']}: {s.get('n', '–')}" for s in named)


def confusion(side: Side, title: str, names: Sequence[str]) -> Chart:
    return charts.confusion(
        side["confusion"],
        names=[word(name) for name in names],
        emojis=[_emoji(name) or name[:2] for name in names],
        title=title,
        row_label=_("label"),
        column_label=_("model says"),
    )
