"""Bars: one per emotion, with a part of it solid, or stacked over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webapp.charts.axes import Chart, Frame, Scale, Table, Tick, nice, plain


@dataclass(frozen=True)
class Bar:
    name: str
    value: float
    tone: str = "ink"
    emoji: str = ""
    text: str = ""
    part: float | None = None  # of the value, drawn solid on a pale bar

    @property
    def shown(self) -> str:
        return self.text or plain(self.value)


def bars(
    rows: Sequence[Bar],
    *,
    title: str,
    x_label: str,
    name_label: str,
    high: float | None = None,
    part_label: str = "",
) -> Chart:
    """Lying bars, one a row, each with its figure at the end."""
    tall = 27.0
    frame = Frame(
        left=96, right=66, top=6, bottom=6, width=440, height=12 + tall * len(rows)
    )
    top = max([b.value for b in rows] + [0])
    scale = Scale(0, high or top or 1, frame.left, frame.x1)
    head = [name_label, x_label, *([part_label] if part_label else [])]
    return Chart(
        template="charts/bars.html",
        title=title,
        frame=frame,
        table=Table(
            head=head,
            rows=[
                [b.name, b.shown, *([plain(b.part or 0)] if part_label else [])]
                for b in rows
            ],
        ),
        parts={
            "rows": [
                {
                    "bar": bar,
                    "y": round(frame.top + i * tall + 7, 1),
                    "text_y": round(frame.top + i * tall + tall / 2 + 4, 1),
                    "width": round(scale(bar.value) - frame.left, 1),
                    "text_x": max(scale(bar.value), frame.left) + 8,
                    "part_width": None
                    if bar.part is None
                    else round(scale(bar.part) - frame.left, 1),
                }
                for i, bar in enumerate(rows)
            ],
        },
    )


def stack(
    columns: Sequence[tuple[str, Mapping[str, float]]],
    *,
    names: Sequence[tuple[str, str]],
    title: str,
    x_label: str,
    y_label: str,
) -> Chart:
    """Standing bars, one per period, a part for each of `names` (tone, word)."""
    frame = Frame(right=16)
    sums = [sum(parts.values()) for _, parts in columns]
    _, high, values = nice(0, max([*sums, 1]))
    scale_y = Scale(0, high, frame.y1, frame.top)
    room = (frame.x1 - frame.left - 6) / max(len(columns), 1)
    wide = min(30.0, room * 0.72)
    every = max(1, -(-len(columns) // 7))
    boxes: list[dict[str, object]] = []
    x_ticks: list[Tick] = []
    for i, (label, parts) in enumerate(columns):
        middle = frame.left + 6 + room * (i + 0.5)
        if i % every == 0:
            x_ticks.append(Tick(round(middle, 1), label))
        boxes += _column(parts, names, scale_y, round(middle - wide / 2, 1), wide)
    return Chart(
        template="charts/stack.html",
        title=title,
        frame=frame,
        table=Table(
            head=[x_label, *(word for _, word in names)],
            rows=[
                [label, *(plain(parts.get(tone, 0)) for tone, _ in names)]
                for label, parts in columns
            ],
        ),
        parts={
            "x_label": x_label,
            "y_label": y_label,
            "x_ticks": x_ticks,
            "y_ticks": [Tick(scale_y(v), plain(v)) for v in values],
            "boxes": boxes,
        },
    )


def _column(
    parts: Mapping[str, float],
    names: Sequence[tuple[str, str]],
    scale: Scale,
    x: float,
    wide: float,
) -> list[dict[str, object]]:
    boxes: list[dict[str, object]] = []
    below = 0.0
    for tone, word in names:
        value = parts.get(tone, 0)
        if not value:
            continue
        y = scale(below + value)
        tall = round(scale(below) - y, 1)
        boxes.append(
            {"tone": tone, "name": word, "n": plain(value), "x": x, "y": y}
            | {"wide": round(wide, 1), "tall": tall}
        )
        below += value
    return boxes
