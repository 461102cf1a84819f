"""What a run has kept of its epochs, as the two curves of its page."""

from django.utils.translation import gettext as _

from labeling.models import TrainingRun
from ml.training_events import EpochFigures
from webapp.charts import line_chart
from webapp.charts.axes import Chart


def epochs_of(run: TrainingRun) -> list[EpochFigures]:
    """As they came: after a restart some come again."""
    kept = run.events.filter(data__event="epoch").values_list("data", flat=True)
    return [EpochFigures.model_validate(figures) for figures in kept]


def of(epochs: list[EpochFigures]) -> list[Chart]:
    """Accuracy and loss by epoch; an epoch done again after a restart counts once."""
    latest = {figures.epoch: figures for figures in epochs}
    rows = [latest[number] for number in sorted(latest)]
    if not rows:
        return []
    return [
        line_chart.lines(
            [
                _line(rows, "tune_accuracy", _("validation"), "ink", 100),
                _line(rows, "accuracy", _("training"), "quiet", 100),
            ],
            title=_("Accuracy"),
            x_label=_("Epoch"),
            y_label="%",
        ),
        line_chart.lines(
            [
                _line(rows, "tune_loss", _("validation"), "ink", 1),
                _line(rows, "loss", _("training"), "quiet", 1),
            ],
            title=_("Loss"),
            x_label=_("Epoch"),
            y_label=_("Cross-entropy"),
        ),
    ]


def _line(
    rows: list[EpochFigures], figure: str, name: str, tone: str, times: float
) -> line_chart.Line:
    points = [
        (row.epoch, value * times)
        for row in rows
        if (value := getattr(row, figure)) is not None
    ]
    return line_chart.Line(name, points, tone=tone)
