"""What an exam decided, as a person reads it: a sentence, two bars, what was broken.

The statistics behind it are `exam_report`'s.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from labeling.figures import number
from labeling.models import Exam
from ml.evaluation.exam_report import Guard, StoredReport
from webapp.presenters.exam_charts import image_name, slice_name, word

OF = 100  # faces that shares are told of, where the exam has as many


@dataclass(frozen=True)
class Bar:
    """How often one of the two was right; `text` says it in words."""

    who: str
    name: str
    share: float
    text: str
    is_new: bool


@dataclass(frozen=True)
class Verdict:
    sentence: str
    bars: list[Bar]
    guards_sentence: str  # "" where all held
    broken: list[str]  # each of them, in words


@dataclass(frozen=True)
class _Scores:
    """Right answers of both, of so many faces."""

    new: int
    old: int
    of: int

    @property
    def words(self) -> dict[str, str]:
        return {name: number(getattr(self, name)) for name in ("new", "old", "of")}


def read(exam: Exam) -> Verdict:
    report = StoredReport.read(exam.report)
    scores = _scores(report)
    broken = [guard for guard in report.guards if guard.broken]
    return Verdict(
        sentence=_sentence(exam, report, scores),
        bars=_bars(exam, report, scores),
        guards_sentence=_guards_sentence(report, broken),
        broken=[_guard(guard) for guard in broken],
    )


def _scores(report: StoredReport) -> _Scores | None:
    """Of a hundred faces; of all where the exam has fewer, or else both look alike."""
    old = report.champion.accuracy if report.champion else None
    new, n = report.challenger.accuracy, report.exam.n
    if old is None or new is None or not n:
        return None
    of_hundred = _Scores(round(new * OF), round(old * OF), OF)
    if n >= OF and (of_hundred.new != of_hundred.old or new == old):
        return of_hundred
    return _Scores(round(new * n), round(old * n), n)


def _sentence(exam: Exam, report: StoredReport, scores: _Scores | None) -> str:
    code = next((reason.code for reason in report.reasons), "")
    if code == "first":
        return _("The first model: there was none to compare it with. It is in use.")
    if code == "no_exam":
        return _("No verdict: there were no faces to compare the two on.")
    if any(reason.code == "withdrawn" for reason in report.reasons):
        return _(
            "Better, but a face it learned from was taken back meanwhile. The present"
            " model stays; the next training leaves that face out."
        )
    if scores is None:
        return str(_WITHOUT_FIGURES[Exam.Outcome(exam.outcome)])
    return _compared(exam, code, scores) % scores.words


_WITHOUT_FIGURES = {
    Exam.Outcome.PROMOTED: gettext_lazy("Better. It was put in use."),
    Exam.Outcome.KEPT: gettext_lazy("Not better. The present model stays."),
    Exam.Outcome.REJECTED: gettext_lazy("It failed a check. The present model stays."),
}


def _compared(exam: Exam, code: str, scores: _Scores) -> str:
    if exam.outcome == Exam.Outcome.PROMOTED:
        return _(
            "Better: right on %(new)s of %(of)s, the model before it on %(old)s. It was"
            " put in use."
        )
    if code == "not_significant":
        return _(
            "Perhaps better, but it may be chance: right on %(new)s of %(of)s, the"
            " present model on %(old)s. That one stays."
        )
    if scores.new > scores.old:
        return _(
            "Right more often, but worse at something that must not suffer: right on"
            " %(new)s of %(of)s, the present model on %(old)s. That one stays."
        )
    if scores.new == scores.old:
        return _(
            "Not better: both are right on %(new)s of %(of)s. The present model stays."
        )
    return _(
        "Not better: right on %(new)s of %(of)s, the present model on %(old)s. It"
        " stays."
    )


def _bars(exam: Exam, report: StoredReport, scores: _Scores | None) -> list[Bar]:
    """The new one first; of a single one there is nothing to compare."""
    if scores is None or report.champion is None:
        return []
    return [
        _bar(_("New model"), exam.challenger.name, scores.new, scores.of, is_new=True),
        _bar(_before(exam), report.champion.name, scores.old, scores.of),
    ]


def _before(exam: Exam) -> str:
    if exam.outcome == Exam.Outcome.PROMOTED:
        return _("Model before it")
    if exam.champion and not exam.champion.is_champion:
        return _("Model in use then")
    return _("Present model")


def _bar(who: str, name: str, right: int, of: int, *, is_new: bool = False) -> Bar:
    text = _("right on %(right)s of %(of)s") % {
        "right": number(right),
        "of": number(of),
    }
    return Bar(who, name, right / of, text, is_new)


def _guards_sentence(report: StoredReport, broken: list[Guard]) -> str:
    if not broken:
        return ""
    return ngettext(
        "It failed %(n)s of %(all)s checks:",
        "It failed %(n)s of %(all)s checks:",
        len(broken),
    ) % {"n": len(broken), "all": len(report.guards)}


def _guard(guard: Guard) -> str:
    kind, _colon, what = guard.name.partition(":")
    lost = {"lost": max(1, round(OF * guard.loss)), "of": OF}
    match kind:
        case "recall":
            text = _("%(what)s faces: right on %(lost)s fewer of %(of)s")
            return text % {"what": word(what), **lost}
        case "slice":
            text = _("faces from %(what)s: right on %(lost)s fewer of %(of)s")
            return text % {"what": slice_name(what), **lost}
        case "image":
            text = _("%(what)s pictures: right on %(lost)s fewer of %(of)s")
            return text % {"what": image_name(what), **lost}
        case "ferplus":
            text = _("agrees with ten raters (FER+) on %(lost)s fewer of %(of)s")
            return text % lost
        case "bytes":
            return _("its file is too large")
        case "multiply_adds":
            return _("it takes too much work to run")
        case _other:
            return kind
