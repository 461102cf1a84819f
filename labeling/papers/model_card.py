"""A model card (Mitchell et al., 2019) of a version, from its artefact's card, its exam
and the promotions on record."""

from collections.abc import Mapping, Sequence

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from labeling.emotions import Emotion
from labeling.figures import in_percent, number, percent
from labeling.models import Exam, ModelVersion, Promotion
from labeling.papers.markdown import literal
from labeling.registry import lineage
from labeling.stats import feedback_rates
from ml.artefact.answers import ANSWERS, Answer
from ml.artefact.card import Knob, StoredCard
from ml.artefact.figures import Figures, Interval, SplitFigures
from ml.evaluation import metrics
from ml.evaluation.exam_report import StoredReport

Rows = Sequence[tuple[str, object]]


def text(
    version: ModelVersion, *, for_trainers: bool = False, sentence: str = ""
) -> str:
    """As Markdown, in the language of today's reader. Who put it in use by hand, and
    why, trainers read. `sentence`: the verdict, where English is not wanted."""
    card = StoredCard.read(version.card)
    exam = version.exams.order_by("-pk").first()
    report = StoredReport.read(exam.report) if exam else None
    figures = report.challenger if report else card.figures()
    threshold = card.certainty_threshold
    verdict = sentence or (report.sentence if report else "")
    context = {
        "version": version,
        "card": card,
        "params": number(card.params),
        "multiply_adds": number(card.multiply_adds),
        "today": date_format(timezone.now(), "DATE_FORMAT"),
        "threshold": percent(threshold) if threshold else "",
        "exam": exam,
        "sentence": literal(verdict),
        "where": _where(exam, card),
        "figures": _figures(figures),
        "recalls": _recalls(figures, card.emotions),
        "answers": [_answer(card, answer) for answer in ANSWERS if card.answers],
        "slices": _slices(report),
        "differences": _differences(report),
        "guards": _guards(report),
        "data": _data(version, card),
        "recipe": [(name, _said(value)) for name, value in card.config.items()],
        "packages": ", ".join(f"{n} {v}" for n, v in sorted(card.packages.items())),
        "correction": feedback_rates.feedback_rates([version.pk]).get(version.pk),
        "promotions": [_promotion(row, for_trainers) for row in _promotions(version)],
    }
    return render_to_string("labeling/papers/model_card.md", context)


def share(interval: Interval) -> str:
    """`69.6 % (66.6 to 72.7, 862 faces)`, or a dash."""
    ends = interval.percent()
    if ends is None:
        return "–"
    value, low, high = (number(end, 1) for end in ends)
    between = {"share": in_percent(value), "low": low, "high": high}
    if not interval.n:
        return _("%(share)s (%(low)s to %(high)s)") % between
    return ngettext(
        "%(share)s (%(low)s to %(high)s, %(n)s face)",
        "%(share)s (%(low)s to %(high)s, %(n)s faces)",
        interval.n,
    ) % {**between, "n": number(interval.n)}


def _said(value: Knob) -> str:
    return literal(", ".join(value) if isinstance(value, list) else value)


def _where(exam: Exam | None, card: StoredCard) -> str:
    if exam:
        day = date_format(exam.created_at, "DATE_FORMAT")
        return _("In its exam, on %(day)s, with 95 %% intervals:") % {"day": day}
    split = next((name for name in ("public", "tune") if name in card.metrics), "")
    return {
        "public": _("By its own card, on FER-2013's PublicTest, with 95 % intervals:"),
        "tune": _(
            "By its own card, on the validation split *Tune*, with 95 % intervals:"
        ),
        "": "",
    }[split]


def _figures(figures: Figures) -> Rows:
    rows: list[tuple[str, float | None]] = [
        (_("The right answer is first or second"), figures.top2),
        (_("Macro-F1"), figures.macro_f1),
        (_("Calibration error (ECE)"), figures.ece),
    ]
    whole = [(_("Right (accuracy)"), share(figures.accuracy_interval))]
    return whole + [(n, percent(v, 1)) for n, v in rows if v is not None]


def _answer(card: StoredCard, answer: Answer) -> dict[str, object]:
    """How one of its answers does by its own card, whatever an exam measured."""
    figures = card.figures(answer)
    return {
        "name": answer,
        "by_labels": share(figures.accuracy_interval),
        "by_raters": share(_by_raters(figures)),
        "threshold": percent(card.of(answer).certainty_threshold),
    }


def _by_raters(figures: SplitFigures) -> Interval:
    votes = figures.ferplus
    if votes is None or votes.accuracy is None:
        return Interval()
    low, high = metrics.wilson(round(votes.accuracy * votes.n), votes.n)
    return Interval(value=votes.accuracy, low=low, high=high, n=votes.n)


def _recalls(figures: Figures, emotions: tuple[str, ...]) -> Rows:
    """How often it is right, by expression, from the table of what it confuses."""
    rows = []
    for place, (name, row) in enumerate(zip(emotions, figures.confusion, strict=False)):
        n = sum(row)
        if not n:
            continue
        low, high = metrics.wilson(row[place], n)
        said = Interval(value=row[place] / n, low=low, high=high, n=n)
        rows.append((_word(name), share(said)))
    return rows


def _slices(report: StoredReport | None) -> Rows:
    slices = report.challenger.slices if report else {}
    return [(name, share(said)) for name, said in slices.items()]


def _differences(report: StoredReport | None) -> Rows:
    if report is None or report.difference is None:
        return []
    whole = [(_("all faces"), report.difference.accuracy_interval)]
    parts: Mapping[str, Interval | None] = {
        **report.difference.recall,
        **report.difference.slices,
    }
    known = [*whole, *((name, said) for name, said in parts.items() if said)]
    return [(_word(name), share(said)) for name, said in known]


def _word(name: str) -> str:
    return str(Emotion(name).label) if name in Emotion.values else name


def _guards(report: StoredReport | None) -> Rows:
    guards = report.guards if report else ()
    return [(g.name, _("broken") if g.broken else _("kept")) for g in guards]


def _data(version: ModelVersion, card: StoredCard) -> Rows:
    data, cleaning = card.snapshot, card.snapshot.cleaning
    given = lineage.faces_seen_by(version).values("contribution_id").distinct()
    rows: list[tuple[str, object]] = [
        (_("Faces of FER-2013"), data.fer2013.rows),
        (_("Faces that visitors gave"), data.contributions),
        (_("Faces that visitors gave, with those of its ancestors"), given.count()),
        (_("Left out: they are in a test set too"), cleaning.leaked),
        (_("Left out: the same picture twice"), cleaning.duplicates),
        (_("Left out: raters said that it is no face"), cleaning.non_faces),
        (_("Kept apart to choose settings by"), cleaning.tune),
        (_("Continues from"), literal(data.warm_start or "")),
        (_("Learned from the answers of"), literal(", ".join(data.teachers))),
        (_("FER-2013's file (SHA-256)"), data.fer2013.sha256[:12]),
        (_("Snapshot"), (data.hash or "")[:12]),
    ]
    rows += [
        (_("Faces of %(name)s") % {"name": literal(n)}, folder.rows)
        for n, folder in data.extra.items()
    ]
    return [(name, number(n) if isinstance(n, int) else n) for name, n in rows if n]


def _promotions(version: ModelVersion) -> list[Promotion]:
    return list(version.promotions.select_related("by", "former"))


def _promotion(row: Promotion, for_trainers: bool) -> dict[str, object]:
    who = _("Decided by a trainer.") if row.is_by_hand else _("Decided by the exam.")
    if row.kind == Promotion.Kind.FIRST:
        who = _("Nobody decided: there was no other.")
    if row.by and for_trainers:
        who = _("Decided by account %(key)s.") % {"key": row.by.key}
    why = literal(row.reason)
    if row.is_by_hand and not for_trainers:
        why = _("on record, for trainers")
    elif not row.is_by_hand and get_language() != "en":
        why = ""  # an English sentence of `ml`, which the verdict says already
    return {
        "at": date_format(row.created_at, "DATE_FORMAT"),
        "kind": row.get_kind_display(),
        "former": row.former,
        "who": who,
        "reason": _("Why: %(reason)s") % {"reason": why} if why else "",
    }
