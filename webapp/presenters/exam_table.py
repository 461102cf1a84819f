"""The table of an exam's report: champion, challenger, and what lies between them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from webapp.presenters.exam_charts import Figures, slice_name


@dataclass(frozen=True)
class Unit:
    name: str
    digits: int
    times: float = 1

    def __call__(self, value: float, sign: str = "") -> str:
        return f"{value * self.times:{sign}.{self.digits}f}"


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


def rows(champion: Figures, challenger: Figures, difference: Figures) -> list[Row]:
    found = [
        _row(_("Accuracy"), "accuracy", PERCENT, champion, challenger, difference),
        *_parts(champion, challenger, difference),
    ]
    for name, key, unit in (
        (_("Macro-F1"), "macro_f1", PERCENT),
        (_("Calibration error"), "ece", PERCENT),
        (_("Agrees with FER+"), "ferplus", PERCENT),
        (_("Size"), "bytes", Unit("MiB", 2, 1 / 2**20)),
        (_("Multiply-adds"), "multiply_adds", Unit("M", 1, 1e-6)),
        (_("Time a face"), "ms", Unit("ms", 2)),
    ):
        change = difference.get(key)
        found.append(_row(name, key, unit, champion, challenger, change))
    return [row for row in found if row]


def _parts(a: Figures, b: Figures, difference: Figures) -> list[Row | None]:
    """The accuracy on each slice of the exam, where it has more than one."""
    old, new = a.get("slices") or {}, b.get("slices") or {}
    changes = difference.get("slices") or {}
    return [
        _row(slice_name(key), key, PERCENT, old, new, changes.get(key), is_part=True)
        for key in old
        if key in new and len(old) > 1
    ]


def _row(
    name: str,
    key: str,
    unit: Unit,
    a: Figures,
    b: Figures,
    change: Figures | None = None,
    *,
    is_part: bool = False,
) -> Row | None:
    old, new = _number(a.get(key)), _number(b.get(key))
    if old is None and new is None:
        return None
    difference = "" if old is None or new is None else unit(new - old, "+")
    cells = [
        Cell(_shown(unit, old), _interval(a, key, unit)),
        Cell(_shown(unit, new), _interval(b, key, unit)),
        Cell(difference, _ends(change, unit)),
    ]
    return Row(name, cells, is_part)


def _shown(unit: Unit, value: float | None) -> str:
    return "–" if value is None else f"{unit(value)} {unit.name}"


def _number(value: Any) -> float | None:
    """A figure that may stand alone or beside the n it was measured on."""
    if isinstance(value, Mapping):
        value = value.get("accuracy", value.get("value"))
    return float(value) if isinstance(value, (int, float)) else None


def _interval(side: Figures, key: str, unit: Unit) -> str:
    ends = side.get(f"{key}_ci")
    if isinstance(ends, list) and len(ends) == 2:
        return f"{unit(ends[0])}–{unit(ends[1])}"
    value = side.get(key)
    if isinstance(value, Mapping) and {"low", "high"} <= set(value):
        return f"{unit(value['low'])}–{unit(value['high'])}"
    return ""


def _ends(change: Figures | None, unit: Unit) -> str:
    if not change or not {"low", "high"} <= set(change):
        return ""
    return f"{unit(change['low'], '+')} … {unit(change['high'], '+')}"
