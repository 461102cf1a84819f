"""The table of an exam's report: champion, challenger, and what lies between them."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from labeling.figures import in_percent, number
from ml.artefact.figures import Interval
from ml.evaluation.exam_report import CandidateFigures, Difference
from webapp.presenters.exam_charts import slice_name


@dataclass(frozen=True)
class Unit:
    name: str | Promise
    digits: int
    times: float = 1

    def __call__(self, value: float, sign: str = "") -> str:
        return number(value * self.times, self.digits, signed=bool(sign))


@dataclass(frozen=True)
class Cell:
    value: str
    interval: str


@dataclass(frozen=True)
class Row:
    name: str
    cells: list[Cell]  # champion, challenger, difference
    is_part: bool


PERCENT = Unit("%", 1, 100)
MEBIBYTES = Unit(pgettext_lazy("unit", "MiB"), 2, 1 / 2**20)
MILLIONS = Unit(pgettext_lazy("unit of millions", "M"), 1, 1e-6)
MILLISECONDS = Unit(pgettext_lazy("unit", "ms"), 2)


def rows(old: CandidateFigures, new: CandidateFigures, change: Difference) -> list[Row]:
    accuracies = old.accuracy_interval, new.accuracy_interval, change.accuracy_interval
    found = [
        _row(_("Accuracy"), PERCENT, *accuracies),
        *_parts(old, new, change),
        _plain(_("Macro-F1"), PERCENT, old.macro_f1, new.macro_f1, change.macro_f1),
        _plain(_("Calibration error"), PERCENT, old.ece, new.ece),
        _plain(
            _("Agrees with FER+"), PERCENT, old.ferplus, new.ferplus, change.ferplus
        ),
        _plain(_("Size"), MEBIBYTES, old.bytes, new.bytes),
        _plain(_("Multiply-adds"), MILLIONS, old.multiply_adds, new.multiply_adds),
        _plain(_("Time a face"), MILLISECONDS, old.ms, new.ms),
    ]
    return [row for row in found if row]


def _parts(
    old: CandidateFigures, new: CandidateFigures, change: Difference
) -> list[Row | None]:
    """The accuracy on each slice of the exam, where it has more than one."""
    if len(old.slices) < 2:
        return []
    names = [name for name in old.slices if name in new.slices]
    return [
        _row(
            slice_name(name),
            PERCENT,
            old.slices[name],
            new.slices[name],
            change.slices.get(name),
            is_part=True,
        )
        for name in names
    ]


def _plain(
    name: str,
    unit: Unit,
    old: float | None,
    new: float | None,
    change: Interval | None = None,
) -> Row | None:
    """Of figures that stand alone, without an interval."""
    return _row(name, unit, Interval(value=old), Interval(value=new), change)


def _row(
    name: str,
    unit: Unit,
    old: Interval,
    new: Interval,
    change: Interval | None,
    *,
    is_part: bool = False,
) -> Row | None:
    before, after = old.value, new.value
    if before is None and after is None:
        return None
    difference = ""
    if before is not None and after is not None:
        difference = unit(after - before, "+")
    cells = [
        Cell(_shown(unit, before), _ends(unit, old, "–")),
        Cell(_shown(unit, after), _ends(unit, new, "–")),
        Cell(difference, _ends(unit, change, " … ", "+")),
    ]
    return Row(name, cells, is_part)


def _shown(unit: Unit, value: float | None) -> str:
    if value is None:
        return "–"
    is_share = unit is PERCENT
    return in_percent(unit(value)) if is_share else f"{unit(value)} {unit.name}"


def _ends(unit: Unit, figure: Interval | None, between: str, sign: str = "") -> str:
    if figure is None or figure.low is None or figure.high is None:
        return ""
    return f"{unit(figure.low, sign)}{between}{unit(figure.high, sign)}"
