"""What every chart shares: scales, ticks people like to read, the table underneath."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from labeling.figures import number


@dataclass(frozen=True)
class Table:
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True)
class Scale:
    """A straight line from figures to units of the picture."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        span = (self.high - self.low) or 1.0
        at = self.start + (value - self.low) / span * (self.end - self.start)
        return round(at, 1)


@dataclass(frozen=True)
class Frame:
    """The picture's size and the box inside it that holds the data."""

    width: float = 440
    height: float = 240
    left: float = 44
    right: float = 76
    top: float = 26
    bottom: float = 40

    @property
    def x1(self) -> float:
        return self.width - self.right

    @property
    def y1(self) -> float:
        return self.height - self.bottom

    @property
    def middle(self) -> float:
        return round((self.left + self.x1) / 2, 1)


@dataclass(frozen=True)
class Chart:
    """A template and what it needs; `templates/charts/chart.html` frames it."""

    template: str
    title: str
    table: Table
    frame: Frame
    parts: dict[str, object] = field(default_factory=dict)


LETTER = 8.0  # on a phone, where letters are larger


def room_for(names: Iterable[str], *, least: float, before: float = 0) -> float:
    """How wide a margin the longest name takes: words differ with the language."""
    longest = max(map(len, names), default=0)
    return max(least, before + LETTER * longest + LETTER / 2)


def step_for(span: float, wanted: int) -> float:
    """The nearest of 1, 2, 2.5, 5 × a power of ten that gives about `wanted` steps."""
    if span <= 0:
        return 1.0
    rough = span / max(wanted, 1)
    power: float = 10.0 ** math.floor(math.log10(rough))
    return min((power * m for m in (1, 2, 2.5, 5, 10)), key=lambda s: abs(s - rough))


def nice(
    low: float, high: float, *, wanted: int = 4
) -> tuple[float, float, list[float]]:
    """Round ends outward to whole steps: low, high and the ticks between them."""
    if high <= low:
        low, high = low - 0.5, low + 0.5
    step = step_for(high - low, wanted)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    values = [round(n * step, 10) for n in range(first, last + 1)]
    return values[0], values[-1], values


def plain(value: float) -> str:
    """A figure without needless digits."""
    text = f"{value:.4f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"
    return number(float(text), len(text.partition(".")[2]))


def spread(
    places: Sequence[float], *, gap: float, low: float, high: float
) -> list[float]:
    """Move labels apart so that none covers another, keeping their order."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = [max(low, min(high, places[i])) for i in order]
    for i in range(1, len(moved)):
        moved[i] = max(moved[i], moved[i - 1] + gap)
    over = max(0.0, moved[-1] - high) if moved else 0.0
    if over:
        moved[-1] -= over
        for i in range(len(moved) - 2, -1, -1):
            moved[i] = min(moved[i], moved[i + 1] - gap)
    result = [0.0] * len(places)
    for i, at in zip(order, moved, strict=True):
        result[i] = round(at, 1)
    return result
