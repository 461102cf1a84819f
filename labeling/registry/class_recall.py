"""How well a version knows each emotion, from its exam or else its card."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labeling.models import Exam, ModelVersion


@dataclass(frozen=True)
class Score:
    """Shares of each emotion's faces: recognised, and taken for another."""

    recall: dict[str, float] = field(default_factory=dict)
    mixed_up: dict[str, tuple[str, float]] = field(default_factory=dict)


def of(version: ModelVersion | None) -> Score:
    """Empty where nothing was measured. PrivateTest is never asked."""
    if version is None:
        return Score()
    figures = _figures(version)
    recall = {name: _value(said) for name, said in figures.get("recall", {}).items()}
    emotions = list(version.card.get("emotions") or recall)
    return Score(
        recall={name: value for name, value in recall.items() if value is not None},
        mixed_up=_mixed_up(figures.get("confusion"), emotions),
    )


def _figures(version: ModelVersion) -> Mapping[str, Any]:
    """The last exam it sat, on whichever side; else what its card says."""
    exams = Exam.objects.order_by("-pk").values_list("report", flat=True)
    for side in ("challenger", "champion"):
        report = exams.filter(**{side: version}).first()
        if report and report.get(side):
            return dict(report[side])
    metrics = version.card.get("metrics") or {}
    return dict(metrics.get("public") or metrics.get("tune") or {})


def _value(said: Any) -> float | None:
    """A recall alone, or with its interval."""
    value = said.get("value") if isinstance(said, Mapping) else said
    return float(value) if isinstance(value, int | float) else None


def _mixed_up(confusion: Any, emotions: list[str]) -> dict[str, tuple[str, float]]:
    """For each emotion, what it is most often taken for, and how often."""
    if not confusion or len(confusion) != len(emotions):
        return {}
    found = {}
    for truth, row in enumerate(confusion):
        others = [(count, i) for i, count in enumerate(row) if i != truth]
        most, said = max(others)
        if most:
            found[emotions[truth]] = (emotions[said], most / sum(row))
    return found
