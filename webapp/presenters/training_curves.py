"""A run's events as the two curves of its page."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from webapp.charts import line_chart
from webapp.charts.axes import Chart


def of(events: Iterable[dict[str, Any]]) -> list[Chart]:
    """Accuracy and loss by epoch; an epoch done again after a restart counts once."""
    epochs = {e["epoch"]: e for e in events if e.get("event") == "epoch"}
    rows = [epochs[n] for n in sorted(epochs)]
    if not rows:
        return []
    return [
        line_chart.lines(
            [
                _line(rows, "tune_accuracy", _("Tune"), "ink", 100),
                _line(rows, "accuracy", _("training"), "quiet", 100),
            ],
            title=_("Accuracy"),
            x_label=_("Epoch"),
            y_label="%",
        ),
        line_chart.lines(
            [
                _line(rows, "tune_loss", _("Tune"), "ink", 1),
                _line(rows, "loss", _("training"), "quiet", 1),
            ],
            title=_("Loss"),
            x_label=_("Epoch"),
            y_label=_("Cross-entropy"),
        ),
    ]


def _line(
    rows: list[dict[str, Any]], key: str, name: str, tone: str, times: float
) -> line_chart.Line:
    points = [
        (row["epoch"], row[key] * times) for row in rows if row.get(key) is not None
    ]
    return line_chart.Line(name, points, tone=tone)
