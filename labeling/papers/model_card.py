"""A model card (Mitchell et al., 2019) of a version, from its artefact's card, its exam
and the promotions on record."""

from collections.abc import Mapping, Sequence

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import override

from labeling.models import Exam, ModelVersion, Promotion
from labeling.papers.markdown import literal
from labeling.registry import lineage
from labeling.stats import feedback_rates
from ml.artefact.card import Knob, StoredCard
from ml.artefact.figures import Figures, Interval
from ml.evaluation import metrics
from ml.evaluation.exam_report import StoredReport

Rows = Sequence[tuple[str, object]]


def text(version: ModelVersion, *, for_trainers: bool = False) -> str:
    """As Markdown, in English. Who put it in use by hand, and why, trainers read."""
    card = StoredCard.read(version.card)
    exam = version.exams.order_by("-pk").first()
    report = StoredReport.read(exam.report) if exam else None
    figures = report.challenger if report else card.figures()
    threshold = card.certainty_threshold
    context = {
        "version": version,
        "card": card,
        "today": f"{timezone.now():%Y-%m-%d}",
        "threshold": f"{threshold:.0%}" if threshold else "",
        "exam": exam,
        "sentence": literal(report.sentence) if report else "",
        "where": _where(exam, card),
        "figures": _figures(figures),
        "recalls": _recalls(figures, card.emotions),
        "slices": _slices(report),
        "differences": _differences(report),
        "guards": _guards(report),
        "data": _data(version, card),
        "recipe": [(name, _said(value)) for name, value in card.config.items()],
        "packages": sorted(card.packages.items()),
        "correction": feedback_rates.feedback_rates([version.pk]).get(version.pk),
        "promotions": [_promotion(row, for_trainers) for row in _promotions(version)],
    }
    with override("en"):
        return render_to_string("labeling/papers/model_card.md", context)


def share(interval: Interval) -> str:
    """`69.6 % (66.6 to 72.7, 862 faces)`, or a dash."""
    ends = interval.percent()
    if ends is None:
        return "–"
    value, low, high = ends
    faces = f", {interval.n:,} faces" if interval.n else ""
    return f"{value:.1f} % ({low:.1f} to {high:.1f}{faces})"


def _said(value: Knob) -> str:
    return literal(", ".join(value) if isinstance(value, list) else value)


def _where(exam: Exam | None, card: StoredCard) -> str:
    if exam:
        return f"In its exam, on {exam.created_at:%Y-%m-%d}"
    split = next((name for name in ("public", "tune") if name in card.metrics), "")
    named = {"public": "FER-2013's PublicTest", "tune": "the validation split *Tune*"}
    return f"By its own card, on {named[split]}" if split else ""


def _figures(figures: Figures) -> Rows:
    rows: list[tuple[str, float | None]] = [
        ("The right answer is first or second", figures.top2),
        ("Macro-F1", figures.macro_f1),
        ("Calibration error (ECE)", figures.ece),
    ]
    whole = [("Right (accuracy)", share(figures.accuracy_interval))]
    return whole + [(n, f"{v * 100:.1f} %") for n, v in rows if v is not None]


def _recalls(figures: Figures, emotions: tuple[str, ...]) -> Rows:
    """How often it is right, by expression, from the table of what it confuses."""
    rows = []
    for place, (name, row) in enumerate(zip(emotions, figures.confusion, strict=False)):
        n = sum(row)
        if not n:
            continue
        low, high = metrics.wilson(row[place], n)
        said = Interval(value=row[place] / n, low=low, high=high, n=n)
        rows.append((name, share(said)))
    return rows


def _slices(report: StoredReport | None) -> Rows:
    slices = report.challenger.slices if report else {}
    return [(name, share(said)) for name, said in slices.items()]


def _differences(report: StoredReport | None) -> Rows:
    if report is None or report.difference is None:
        return []
    whole = [("all faces", report.difference.accuracy_interval)]
    parts: Mapping[str, Interval | None] = {
        **report.difference.recall,
        **report.difference.slices,
    }
    known = [*whole, *((name, said) for name, said in parts.items() if said)]
    return [(name, share(said)) for name, said in known]


def _guards(report: StoredReport | None) -> Rows:
    guards = report.guards if report else ()
    return [(g.name, "broken" if g.broken else "kept") for g in guards]


def _data(version: ModelVersion, card: StoredCard) -> Rows:
    data, cleaning = card.snapshot, card.snapshot.cleaning
    given = lineage.faces_seen_by(version).values("contribution_id").distinct()
    rows: list[tuple[str, object]] = [
        ("Faces of FER-2013", data.fer2013.rows),
        ("Faces that visitors gave", data.contributions),
        ("Faces that visitors gave, with those of its ancestors", given.count()),
        ("Left out: they are in a test set too", cleaning.leaked),
        ("Left out: the same picture twice", cleaning.duplicates),
        ("Left out: raters said that it is no face", cleaning.non_faces),
        ("Kept apart to choose settings by", cleaning.tune),
        ("Continues from", literal(data.warm_start or "")),
        ("Learned from the answers of", literal(", ".join(data.teachers))),
        ("FER-2013's file (SHA-256)", data.fer2013.sha256[:12]),
        ("Snapshot", (data.hash or "")[:12]),
    ]
    rows += [
        (f"Faces of {literal(n)}", folder.rows) for n, folder in data.extra.items()
    ]
    return [(name, f"{n:,}" if isinstance(n, int) else n) for name, n in rows if n]


def _promotions(version: ModelVersion) -> list[Promotion]:
    return list(version.promotions.select_related("by", "former"))


def _promotion(row: Promotion, for_trainers: bool) -> dict[str, object]:
    who = "a trainer" if row.is_by_hand else "the exam"
    if row.kind == Promotion.Kind.FIRST:
        who = "nobody: there was no other"
    if row.by and for_trainers:
        who = f"account {row.by.key}"
    is_told = for_trainers or not row.is_by_hand
    return {
        "at": f"{row.created_at:%Y-%m-%d}",
        "kind": row.get_kind_display(),
        "former": row.former,
        "who": who,
        "reason": literal(row.reason) if is_told else "on record, for trainers",
    }
