"""The charts of an exam's report: figures, differences, what is mixed up with what."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from labeling.emotions import Emotion
from ml.evaluation.metrics import wilson
from webapp.charts import confusion_matrix, interval_plot
from webapp.charts.axes import Chart

Figures = Mapping[str, Any]
Row = tuple[str, Mapping[str, float], str]  # name, share with its interval, tone


def recalls(side: Figures, *, title: str, names: Sequence[str]) -> Chart | None:
    """Recall of each expression with its interval."""
    recall = _with_intervals(side, names)
    return _recall_chart(title, [(name, recall[name], name) for name in recall])


def both_recalls(a: Figures, b: Figures, names: Sequence[str]) -> Chart | None:
    old, new = _with_intervals(a, names), _with_intervals(b, names)
    rows: list[Row] = []
    for name in names:
        if name in old and name in new:
            rows += [(name, new[name], name), ("", old[name], "quiet")]
    return _recall_chart(
        _("Right by label: the challenger in colour, the champion in grey"), rows
    )


def differences(difference: Figures) -> Chart | None:
    """Of the whole exam; of its slices where it has several."""
    if not {"accuracy", "low", "high"} <= set(difference):
        return None
    slices = difference.get("slices") or {}
    rows = [
        (_("accuracy"), {"value": difference["accuracy"], **difference}),
        *((slice_name(s), slices[s]) for s in slices if len(slices) > 1),
        (_("macro-F1"), difference.get("macro_f1")),
        (_("FER+"), difference.get("ferplus")),
    ]
    return _difference_chart(
        _("Challenger minus champion"), [(name, d, "ink") for name, d in rows if d]
    )


def recall_differences(difference: Figures, names: Iterable[str]) -> Chart | None:
    recall = difference.get("recall") or {}
    rows = [(name, recall[name], name) for name in names if recall.get(name)]
    title = _("Challenger minus champion, by label")
    return _difference_chart(title, rows) if rows else None


def confusion(side: Figures, title: str, names: Sequence[str]) -> Chart:
    return confusion_matrix.confusion(
        side["confusion"],
        names=[word(name) for name in names],
        emojis=[_emoji(name) or name[:2] for name in names],
        title=title,
        row_label=_("label"),
        column_label=_("model says"),
    )


def word(name: str) -> str:
    return str(Emotion(name).label) if name in Emotion.values else name


def slice_name(name: str) -> str:
    known = {"public": "FER-2013", "community": _("community")}
    return known.get(name, name)


def _recall_chart(title: str, rows: Sequence[Row]) -> Chart | None:
    if not rows:
        return None
    return interval_plot.whiskers(
        [_whisker(*row) for row in rows],
        title=title,
        x_label=_("Recall, %, with its 95 % interval"),
        heads=(_("Expression"), _("Recall, %"), _("Interval")),
        x_range=(0, 100),
    )


def _difference_chart(title: str, rows: Sequence[Row]) -> Chart:
    return interval_plot.whiskers(
        [_whisker(*row) for row in rows],
        title=title,
        x_label=_("Points, with the 95 % interval"),
        heads=(_("Figure"), _("Difference, points"), _("Interval")),
        zero=True,
        signed=True,
    )


def _whisker(name: str, share: Mapping[str, float], tone: str) -> interval_plot.Whisker:
    value, low, high = (share[end] * 100 for end in ("value", "low", "high"))
    return interval_plot.Whisker(word(name), value, low, high, tone, _emoji(name))


def _with_intervals(side: Figures, names: Sequence[str]) -> dict[str, dict[str, float]]:
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


def _emoji(name: str) -> str:
    return Emotion(name).emoji if name in Emotion.values else ""
