"""What the models pages say of a version: its story, its exam, its corrections, and its
answers side by side."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from labeling.figures import number, percent
from labeling.models import Exam, ModelVersion, Promotion
from labeling.registry import model_versions
from labeling.stats import feedback_rates
from ml.artefact.answers import ANSWERS, Answer
from ml.artefact.card import StoredCard
from ml.evaluation.exam_report import CandidateFigures
from webapp.charts import interval_plot, line_chart
from webapp.charts.axes import Chart
from webapp.presenters.formats import colon

ANSWER_NAMES: dict[Answer, Promise] = {
    "mix": gettext_lazy("Mix"),
    "label": gettext_lazy("Label"),
    "raters": gettext_lazy("Raters"),
}
ANSWER_MEANINGS: dict[Answer, Promise] = {
    "mix": gettext_lazy("In between, and good at both."),
    "label": gettext_lazy("What FER-2013 would call it, to compare with other work."),
    "raters": gettext_lazy("What most of ten people would say."),
}


@dataclass(frozen=True)
class VersionSummary:
    """A version with what stands beside it; reading any of it costs no query."""

    version: ModelVersion
    story: str
    accuracy: float | None
    interval: tuple[float, float] | None
    faces: int
    correction: feedback_rates.FeedbackRate | None
    is_examined: bool  # here; what is known of others stands in their card
    was_champion: bool

    @property
    def of_hundred(self) -> int | None:
        return None if self.accuracy is None else round(self.accuracy * 100)

    @property
    def correction_text(self) -> str:
        """The share, or how many answers there are while they are too few for one."""
        if self.correction is None:
            return ""
        if self.correction.is_enough:
            return percent(self.correction.rate)
        return answers(self.correction.n)

    @property
    def accuracy_text(self) -> str:
        if self.accuracy is None:
            return "–"
        if self.interval is None:
            return percent(self.accuracy)
        low, high = (number(end * 100, 1) for end in self.interval)
        return f"{percent(self.accuracy, 1)} ({low}–{high})"


def summarise(versions: Iterable[ModelVersion]) -> list[VersionSummary]:
    """Each version's story; the same number of queries however many there are."""
    rows = list(versions)
    ids = [v.pk for v in rows]
    own = Exam.objects.filter(challenger__in=ids).order_by("pk")
    exams = {exam.challenger_id: exam for exam in own}
    figures = _exam_figures(ids, exams)
    promotions: dict[int, Promotion] = {}
    for promotion in Promotion.objects.filter(version__in=ids):
        promotions.setdefault(promotion.version_id, promotion)
    corrections = feedback_rates.feedback_rates(ids)
    return [
        _summary(
            version,
            story(version, exams.get(version.pk), promotions.get(version.pk)),
            figures.get(version.pk, CandidateFigures()),
            corrections.get(version.pk),
            was_champion=version.pk in promotions,
        )
        for version in rows
    ]


def _summary(
    version: ModelVersion,
    story: str,
    figures: CandidateFigures,
    correction: feedback_rates.FeedbackRate | None,
    *,
    was_champion: bool,
) -> VersionSummary:
    card = StoredCard.read(version.card)
    is_examined = figures.accuracy is not None
    known = figures if is_examined else card.figures()
    return VersionSummary(
        version=version,
        story=story,
        accuracy=known.accuracy,
        interval=known.accuracy_ci,
        faces=card.snapshot.contributions or 0,
        correction=correction,
        is_examined=is_examined,
        was_champion=was_champion,
    )


def of_champion() -> VersionSummary | None:
    """The summary of the model in use."""
    champion = model_versions.current()
    return summarise([champion])[0] if champion else None


def _exam_figures(
    ids: list[int], exams: dict[int, Exam]
) -> dict[int, CandidateFigures]:
    """How each did in its own exam; the shipped one, as champion in the first."""
    found = {pk: exam.report.get("challenger") for pk, exam in exams.items()}
    others = Exam.objects.filter(champion__in=set(ids) - set(found)).order_by("-pk")
    for pk, side in others.values_list("champion", "report__champion"):
        found[pk] = side
    return {pk: CandidateFigures.read(side) for pk, side in found.items()}


def story(version: ModelVersion, exam: Exam | None, promotion: Promotion | None) -> str:
    """One sentence: when, and who or what decided."""
    made = date_format(version.created_at, "DATE_FORMAT")
    if promotion is None:
        if exam is None:
            return _("Made on %(date)s; not tested yet.") % {"date": made}
        if exam.outcome == Exam.Outcome.REJECTED:
            return _("Made on %(date)s; it failed a check.") % {"date": made}
        return _("Made on %(date)s; it was not put in use.") % {"date": made}
    when = {"date": date_format(promotion.created_at, "DATE_FORMAT")}
    match promotion.kind:
        case Promotion.Kind.FIRST:
            return _("Came with Mien; in use since %(date)s.") % when
        case Promotion.Kind.EXAM:
            return _("Put in use on %(date)s: it did better in the exam.") % when
        case Promotion.Kind.OVERRIDE:
            return _("Put in use on %(date)s by a trainer, against the exam.") % when
        case _other:
            return _("A trainer went back to it on %(date)s.") % when


def over_time(
    summaries: list[VersionSummary], promotions: Iterable[Promotion]
) -> list[Chart]:
    """Exam accuracy and correction rate over the versions, promotions marked."""
    ordered = sorted(summaries, key=lambda s: s.version.pk)
    charts = [_accuracy_chart(ordered, promotions), corrections_chart(ordered)]
    return [chart for chart in charts if chart]


def _accuracy_chart(
    ordered: list[VersionSummary], promotions: Iterable[Promotion]
) -> Chart | None:
    places = {s.version.pk: float(n) for n, s in enumerate(ordered, start=1)}
    examined = [s for s in ordered if s.is_examined]
    if len(examined) < 2:
        return None
    champions = [s for s in examined if s.was_champion]
    others = [s for s in examined if not s.was_champion]
    lines = [
        _accuracy_line(champions, places, name=_("in use")),
        _accuracy_line(others, places, name=_("tried only"), is_joined=False),
    ]
    return line_chart.lines(
        [line for line in lines if line.points],
        title=_("Right in the exam. Flags: put in use. Hollow dots: tried only"),
        x_label=_("Version"),
        y_label=_("Right, %"),
        x_ticks=[(places[s.version.pk], s.version.name) for s in ordered],
        marks=[
            line_chart.Mark(
                places[p.version_id], f"{p.version.name}{colon()}{p.get_kind_display()}"
            )
            for p in promotions
            if p.version_id in places
        ],
        dots=True,
    )


def _accuracy_line(
    examined: list[VersionSummary],
    places: Mapping[int, float],
    *,
    name: str,
    is_joined: bool = True,
) -> line_chart.Line:
    values = [s.accuracy or 0 for s in examined]
    ends = [s.interval or (s.accuracy or 0,) * 2 for s in examined] if is_joined else []
    return line_chart.Line(
        name,
        [
            (places[s.version.pk], v * 100)
            for s, v in zip(examined, values, strict=True)
        ],
        low=[low * 100 for low, _high in ends],
        high=[high * 100 for _low, high in ends],
        is_joined=is_joined,
    )


def corrections_chart(summaries: list[VersionSummary]) -> Chart | None:
    whiskers = [
        interval_plot.Whisker(
            name=s.version.name,
            value=s.correction.rate * 100,
            low=s.correction.low * 100,
            high=s.correction.high * 100,
            tone="ink" if s.version.is_champion else "quiet",
        )
        for s in summaries
        if s.correction and s.correction.is_enough
    ]
    if not whiskers:
        return None
    return interval_plot.whiskers(
        whiskers,
        title=corrections_title(),
        x_label=_("% of answers, with the 95 % interval"),
        heads=(_("Version"), _("Called wrong, %"), _("Interval")),
        zero=True,
    )


def corrections_title() -> str:
    return _("How often people say it is wrong, from %(least)s answers on") % {
        "least": feedback_rates.LEAST_FOR_A_SHARE
    }


def answers(count: int) -> str:
    return ngettext("%(n)s answer", "%(n)s answers", count) % {"n": count}


@dataclass(frozen=True)
class AnswerRow:
    """An answer as its row shows it."""

    answer: Answer
    by_labels: str  # how often it gives FER-2013's label
    by_raters: str  # how often what most raters said
    unsure_below: str
    is_shown: bool  # where nobody asks for another

    @property
    def name(self) -> Promise:
        return ANSWER_NAMES[self.answer]

    @property
    def meaning(self) -> Promise:
        return ANSWER_MEANINGS[self.answer]


def answers_of(card: StoredCard) -> list[AnswerRow]:
    """None of a network with one head: it has one answer, and its figures stand
    elsewhere."""
    return [_answer(card, answer) for answer in ANSWERS] if card.answers else []


def _answer(card: StoredCard, answer: Answer) -> AnswerRow:
    figures = card.figures(answer)
    votes = getattr(figures.ferplus, "accuracy", None)
    return AnswerRow(
        answer=answer,
        by_labels="–" if figures.accuracy is None else percent(figures.accuracy),
        by_raters="–" if votes is None else percent(votes),
        unsure_below=percent(card.of(answer).certainty_threshold),
        is_shown=answer == settings.MODEL_ANSWER,
    )
