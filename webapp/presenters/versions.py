"""What the models pages tell of a version: its story, its exam, its corrections."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeling.models import Exam, ModelVersion, Promotion
from labeling.stats import feedback_rates
from webapp.charts import interval_plot, line_chart
from webapp.charts.axes import Chart
from webapp.presenters.formats import percent


@dataclass
class VersionSummary:
    """A version with what stands beside it; reading one attribute costs no query."""

    version: ModelVersion
    story: str
    accuracy: float | None
    interval: tuple[float, float] | None
    faces: int
    correction: feedback_rates.FeedbackRate | None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.version, name)

    @property
    def accuracy_text(self) -> str:
        if self.accuracy is None:
            return "–"
        if self.interval is None:
            return percent(self.accuracy)
        low, high = (f"{end * 100:.1f}" for end in self.interval)
        return f"{self.accuracy * 100:.1f} % ({low}–{high})"


def summarise(versions: Iterable[ModelVersion]) -> list[VersionSummary]:
    """Each version's story; the same number of queries however many there are."""
    rows = list(versions)
    ids = [v.pk for v in rows]
    own = Exam.objects.filter(challenger__in=ids).order_by("pk")
    exams = {exam.challenger_id: exam for exam in own}
    figures = _figures(ids, exams)
    promotions: dict[int, Promotion] = {}
    for promotion in Promotion.objects.filter(version__in=ids):
        promotions.setdefault(promotion.version_id, promotion)
    corrections = feedback_rates.feedback_rates(ids)
    told = []
    for v in rows:
        figure = figures.get(v.pk, {})
        interval = figure.get("accuracy_ci")
        told.append(
            VersionSummary(
                version=v,
                story=story(v, exams.get(v.pk), promotions.get(v.pk)),
                accuracy=figure.get("accuracy"),
                interval=(interval[0], interval[1]) if interval else None,
                faces=int((v.card.get("snapshot") or {}).get("contributions") or 0),
                correction=corrections.get(v.pk),
            )
        )
    return told


def _figures(ids: list[int], exams: dict[int, Exam]) -> dict[int, Mapping[str, Any]]:
    """How each did in its own exam; the shipped one, as champion in the first."""
    found = {pk: exam.report.get("challenger") or {} for pk, exam in exams.items()}
    others = Exam.objects.filter(champion__in=set(ids) - set(found)).order_by("-pk")
    for pk, report in others.values_list("champion", "report"):
        found[pk] = report.get("champion") or {}
    return found


def story(version: ModelVersion, exam: Exam | None, promotion: Promotion | None) -> str:
    """One sentence: when, and who or what decided."""
    made = date_format(version.created_at, "DATE_FORMAT")
    if promotion is None:
        if exam is None:
            return _("Made on %(date)s; no exam yet.") % {"date": made}
        if exam.outcome == Exam.Outcome.REJECTED:
            return _("Made on %(date)s; the exam rejected it.") % {"date": made}
        return _("Made on %(date)s; the champion before it was kept.") % {"date": made}
    when = {"date": date_format(promotion.created_at, "DATE_FORMAT")}
    match promotion.kind:
        case Promotion.Kind.FIRST:
            return _("Came with Mien; serves since %(date)s.") % when
        case Promotion.Kind.EXAM:
            return _("Promoted on %(date)s: it did better in the exam.") % when
        case Promotion.Kind.OVERRIDE:
            return _("Promoted on %(date)s by a trainer, against the exam.") % when
        case _other:
            return _("A trainer went back to it on %(date)s.") % when


def over_time(
    told: list[VersionSummary], promotions: Iterable[Promotion]
) -> list[Chart]:
    """Exam accuracy and correction rate over the versions, promotions marked."""
    line = sorted(told, key=lambda t: t.version.pk)
    places = {t.version.pk: float(n) for n, t in enumerate(line, start=1)}
    ticks = [(places[t.version.pk], t.version.name) for t in line]
    marks = [
        line_chart.Mark(
            places[p.version_id], f"{p.version.name}: {p.get_kind_display()}"
        )
        for p in promotions
        if p.version_id in places
    ]
    examined = [t for t in line if t.accuracy is not None]
    result = []
    if len(examined) > 1:
        result.append(
            line_chart.lines(
                [
                    _line(
                        examined,
                        places,
                        [t.accuracy or 0 for t in examined],
                        [t.interval or (t.accuracy or 0,) * 2 for t in examined],
                        _("accuracy"),
                    )
                ],
                title=_("Right in the exam; a flag marks a promotion"),
                x_label=_("Version"),
                y_label="%",
                x_ticks=ticks,
                marks=marks,
                dots=True,
            )
        )
    corrected = [t for t in line if t.correction]
    if corrected:
        result.append(corrections_chart(corrected))
    return result


def corrections_chart(told: list[VersionSummary]) -> Chart:
    return interval_plot.whiskers(
        [
            interval_plot.Whisker(
                name=t.version.name,
                value=t.correction.rate * 100,
                low=t.correction.low * 100,
                high=t.correction.high * 100,
                tone="ink" if t.version.is_champion else "quiet",
            )
            for t in told
            if t.correction
        ],
        title=_("How often people say “not quite”"),
        x_label=_("% of answers, with the 95 % interval"),
        heads=(_("Version"), _("Corrected, %"), _("Interval")),
        zero=True,
    )


def answers(count: int) -> str:
    return ngettext("%(n)s answer", "%(n)s answers", count) % {"n": count}


def _line(
    told: list[VersionSummary],
    places: dict[int, float],
    values: list[float],
    ends: list[tuple[float, float]],
    name: str,
) -> line_chart.Line:
    return line_chart.Line(
        name,
        [(places[t.version.pk], v * 100) for t, v in zip(told, values, strict=True)],
        low=[low * 100 for low, _high in ends],
        high=[high * 100 for _low, high in ends],
    )
