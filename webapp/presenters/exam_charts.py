"""The charts of an exam's report: figures, differences, what is mixed up with what."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeling.emotions import Emotion
from ml.artefact.figures import Figures, Interval, Share
from ml.evaluation.exam_report import CandidateFigures, Difference
from ml.evaluation.metrics import wilson
from webapp.charts import confusion_matrix, interval_plot
from webapp.charts.axes import Chart

Row = tuple[str, Interval | None, str]  # name, figure, tone


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
        _("Right by label: the new model in colour, the present one in grey"), rows
    )


def differences(difference: Difference) -> Chart | None:
    """Of the whole exam; of its slices where it has several."""
    if difference.accuracy_interval.percent() is None:
        return None
    slices = difference.slices
    rows = [
        (_("accuracy"), difference.accuracy_interval),
        *((slice_name(s), slices[s]) for s in slices if len(slices) > 1),
        (_("macro-F1"), difference.macro_f1),
        (_("FER+"), difference.ferplus),
    ]
    return _difference_chart(
        _("New model minus present model"),
        [(name, change, "ink") for name, change in rows],
    )


def recall_differences(difference: Difference, names: Iterable[str]) -> Chart | None:
    recall = difference.recall
    rows = [(name, recall[name], name) for name in names if recall.get(name)]
    title = _("New model minus present model, by label")
    return _difference_chart(title, rows) if rows else None


def confusion(side: Figures, title: str, names: Sequence[str]) -> Chart | None:
    """None where nothing was counted."""
    if not side.confusion:
        return None
    return confusion_matrix.confusion(
        side.confusion,
        names=[word(name) for name in names],
        emojis=[_emoji(name) or name[:2] for name in names],
        title=title,
        row_label=_("label"),
        column_label=_("model says"),
    )


def word(name: str) -> str:
    return str(Emotion(name).label) if name in Emotion.values else name


def images(side: Figures) -> Chart | None:
    """How much more or less often it is right on each kind of picture than on the
    others, the worst first. None where no exam told."""
    found = side.images if isinstance(side, CandidateFigures) else {}
    told = sorted(found.items(), key=lambda one: one[1].difference.value or 0)
    rows = [(image_name(name), one.difference, "ink") for name, one in told]
    title = _("On some pictures, against all others")
    return _difference_chart(title, rows) if rows else None


IMAGES = {
    "small": gettext_lazy("small"),
    "blurred": gettext_lazy("blurred"),
    "dark": gettext_lazy("dark"),
    "bright": gettext_lazy("bright"),
    "flat": gettext_lazy("low contrast"),
    "tilted": gettext_lazy("head tilted"),
    "turned": gettext_lazy("looking aside"),
    "cut_off": gettext_lazy("face cut off"),
}


def image_name(name: str) -> str:
    return str(IMAGES.get(name, name))


def slice_name(name: str) -> str:
    known = {"public": "FER-2013", "community": _("community")}
    return known.get(name, name)


def _recall_chart(title: str, rows: Sequence[Row]) -> Chart | None:
    if not rows:
        return None
    return interval_plot.whiskers(
        _whiskers(rows),
        title=title,
        x_label=_("Recall, %, with its 95 % interval"),
        heads=(_("Expression"), _("Recall, %"), _("Interval")),
        x_range=(0, 100),
    )


def _difference_chart(title: str, rows: Sequence[Row]) -> Chart:
    return interval_plot.whiskers(
        _whiskers(rows),
        title=title,
        x_label=_("Points, with the 95 % interval"),
        heads=(_("Figure"), _("Difference, points"), _("Interval")),
        zero=True,
        signed=True,
    )


def _whiskers(rows: Iterable[Row]) -> list[interval_plot.Whisker]:
    """In percent; without the figures of which the interval is not known."""
    return [
        interval_plot.Whisker(word(name), *ends, tone, _emoji(name))
        for name, figure, tone in rows
        if figure and (ends := figure.percent())
    ]


def _with_intervals(side: Figures, names: Sequence[str]) -> dict[str, Interval]:
    """`ml compare` gives intervals; for a card's bare recalls the counts tell them."""
    found: dict[str, Interval] = {}
    for i, name in enumerate(names):
        share = side.recall.get(name)
        bare = share.value if isinstance(share, Share) else share
        if bare is None:
            continue
        if isinstance(share, Share) and share.percent():
            found[name] = share
        elif i < len(side.confusion):
            counts = side.confusion[i]
            low, high = wilson(counts[i], sum(counts))
            found[name] = Interval(value=bare, low=low, high=high)
    return found


def _emoji(name: str) -> str:
    return Emotion(name).emoji if name in Emotion.values else ""
