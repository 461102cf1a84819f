"""The public figures as charts and sentences."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from labeling.emotions import Emotion
from labeling.figures import number
from labeling.stats import feedback_rates
from labeling.stats.figures import Figures
from webapp.charts import bar_chart, interval_plot
from webapp.charts.axes import Chart
from webapp.presenters import versions

# Words for Krippendorff's alpha; his own bounds are .667 and .8.
FIRM, TENTATIVE = 0.8, 0.667


@dataclass(frozen=True)
class Agreement:
    """How well people agree: alpha, and in words what it means."""

    alpha: str | None
    sentence: str
    faces: str


def charts_of(counted: Figures) -> list[Chart]:
    drawn = [_by_emotion(counted), _over_time(counted), _corrections(counted)]
    return [chart for chart in drawn if chart]


def moment(text: str) -> datetime | None:
    return parse_datetime(text)


def agreement(counted: Figures) -> Agreement:
    alpha = counted.agreement.alpha
    if alpha is None:
        sentence = _("Not enough votes yet to say how well people agree.")
    elif alpha >= FIRM:
        sentence = _("People agree on nearly all faces.")
    elif alpha >= TENTATIVE:
        sentence = _("People agree on most faces.")
    elif alpha > 0:
        sentence = _(
            "People often see different things in the same face. That is normal for"
            " expressions, and the votes are kept as they are."
        )
    else:
        sentence = _("People agree no more than chance would have it.")
    faces = counted.agreement.faces
    return Agreement(
        alpha=None if alpha is None else number(alpha, 2),
        sentence=sentence,
        faces=ngettext(
            "on %(n)s face with two votes or more",
            "on %(n)s faces with two votes or more",
            faces,
        )
        % {"n": number(faces)},
    )


def backlog(counted: Figures) -> str:
    """How long a face waits, as far as the last week can tell."""
    waiting, decided = counted.waiting, counted.backlog.decided_in_a_week
    if not waiting:
        return _("No face waits for a reviewer.")
    if not decided:
        return _("No face was reviewed in the last week.")
    days = max(1, round(waiting / decided * 7))
    return ngettext(
        "At last week's pace they are done in about a day.",
        "At last week's pace they are done in about %(days)s days.",
        days,
    ) % {"days": days}


def _by_emotion(counted: Figures) -> Chart:
    return bar_chart.bars(
        [
            bar_chart.Bar(
                name=str(Emotion(row.emotion).label),
                value=row.given,
                tone=row.emotion,
                emoji=Emotion(row.emotion).emoji,
                part=row.accepted,
                text=number(row.given),
            )
            for row in counted.emotions
        ],
        title=_("Faces given, and accepted so far (solid)"),
        name_label=_("Expression"),
        x_label=pgettext("how many faces", "Given"),
        part_label=pgettext("how many faces", "Accepted"),
    )


def _over_time(counted: Figures) -> Chart | None:
    weeks = counted.weeks
    if not weeks.starts:
        return None
    columns = [
        (
            date_format(start, pgettext("a day, as Django writes dates", "j M")),
            {name: weeks.given[name][i] for name in Emotion.values},
        )
        for i, start in enumerate(weeks.starts)
    ]
    return bar_chart.stack(
        columns[-26:],
        names=[(e.value, str(e.label)) for e in Emotion],
        title=_("Faces given each week"),
        x_label=_("Week from"),
        y_label=_("Faces"),
    )


def _corrections(counted: Figures) -> Chart | None:
    least = feedback_rates.LEAST_FOR_A_SHARE
    rows = [row for row in counted.corrections if row.answers >= least]
    if not rows:
        return None
    return interval_plot.whiskers(
        [
            interval_plot.Whisker(
                name=row.version,
                value=row.wrong / row.answers * 100,
                low=row.low * 100,
                high=row.high * 100,
            )
            for row in rows[-12:]
        ],
        title=versions.corrections_title(),
        x_label=_("% of answers, with the 95 % interval"),
        heads=(_("Version"), _("Wrong, %"), _("Interval")),
        zero=True,
    )
