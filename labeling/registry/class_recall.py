"""How well a version knows each emotion, from its exam or else its card; and on which
pictures it is worse."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from labeling.models import Exam, ModelVersion
from ml.artefact.card import StoredCard
from ml.artefact.figures import ImageSlice
from ml.evaluation.exam_report import CandidateFigures


@dataclass(frozen=True)
class Score:
    """Shares of each emotion's faces: recognised, and taken for another."""

    recall: dict[str, float] = field(default_factory=dict)
    mixed_up: dict[str, tuple[str, float]] = field(default_factory=dict)


def of(version: ModelVersion | None) -> Score:
    """Empty where nothing was measured. PrivateTest is never asked."""
    if version is None:
        return Score()
    card = StoredCard.read(version.card)
    figures = _in_an_exam(version) or card.figures()
    recall = figures.measured_recall()
    emotions = card.emotions or tuple(recall)
    return Score(recall, _mixed_up(figures.confusion, emotions))


def weak_images(version: ModelVersion | None) -> dict[str, ImageSlice]:
    """Pictures on which it is shown to be right less often than on others, the weakest
    first. Empty where no exam said so."""
    figures = _in_an_exam(version) if version else None
    images = figures.images if figures else {}
    weak = {name: one for name, one in images.items() if (one.difference.high or 0) < 0}
    return dict(sorted(weak.items(), key=lambda found: found[1].difference.value or 0))


def _in_an_exam(version: ModelVersion) -> CandidateFigures | None:
    """Of the last exam it sat, on whichever side."""
    exams = Exam.objects.order_by("-pk")
    for side in ("challenger", "champion"):
        column = exams.filter(**{side: version}).values_list(f"report__{side}")
        if (found := column.first()) and found[0]:
            return CandidateFigures.read(found[0])
    return None


def _mixed_up(
    confusion: Sequence[Sequence[int]], emotions: Sequence[str]
) -> dict[str, tuple[str, float]]:
    """For each emotion, what it is most often taken for, and how often."""
    if len(confusion) != len(emotions):
        return {}
    found = {}
    for truth, row in enumerate(confusion):
        others = [(count, i) for i, count in enumerate(row) if i != truth]
        most, said = max(others)
        if most:
            found[emotions[truth]] = (emotions[said], most / sum(row))
    return found
