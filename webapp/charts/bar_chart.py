"""Bars: one per emotion, with a part of it solid, or stacked over time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from webapp.charts.axes import Chart, Frame, Scale, Table, Tick, nice, plain, room_for


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


TALL = 27.0  # a row


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
    height = 12 + TALL * len(rows)
    left = room_for((row.name for row in rows), least=96, before=26)
    frame = Frame(left=left, right=66, top=6, bottom=6, height=height)
    top = max([b.value for b in rows] + [0])
    scale = Scale(0, high or top or 1, frame.left, frame.x1)
    table = Table(
        head=[name_label, x_label, *([part_label] if part_label else [])],
        rows=[
            [b.name, b.shown, *([plain(b.part or 0)] if part_label else [])]
            for b in rows
        ],
    )
    drawn = [_row(bar, scale, frame.top + i * TALL) for i, bar in enumerate(rows)]
    return Chart("charts/bars.html", title, table, frame, {"rows": drawn})


def _row(bar: Bar, scale: Scale, y: float) -> dict[str, object]:
    part = None if bar.part is None else round(scale(bar.part) - scale.start, 1)
    return {
        "bar": bar,
        "y": round(y + 7, 1),
        "text_y": round(y + TALL / 2 + 4, 1),
        "width": round(scale(bar.value) - scale.start, 1),
        "text_x": max(scale(bar.value), scale.start) + 8,
        "part_width": part,
    }


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
    _, high, values = nice(0, max([*(sum(parts.values()) for _, parts in columns), 1]))
    scale_y = Scale(0, high, frame.y1, frame.top)
    room = (frame.x1 - frame.left - 6) / max(len(columns), 1)
    middles = [frame.left + 6 + room * (i + 0.5) for i in range(len(columns))]
    every = max(1, -(-len(columns) // 7))
    ticks = list(zip(middles, columns, strict=True))[::every]
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
            "x_ticks": [Tick(round(x, 1), label) for x, (label, _) in ticks],
            "y_ticks": [Tick(scale_y(v), plain(v)) for v in values],
            "boxes": [
                box
                for x, (_, parts) in zip(middles, columns, strict=True)
                for box in _column(parts, names, scale_y, x, min(30.0, room * 0.72))
            ],
        },
    )


def _column(
    parts: Mapping[str, float],
    names: Sequence[tuple[str, str]],
    scale: Scale,
    middle: float,
    wide: float,
) -> Iterator[dict[str, object]]:
    below = 0.0
    for tone, word in names:
        value = parts.get(tone, 0)
        if not value:
            continue
        y = scale(below + value)
        yield {
            "tone": tone,
            "name": word,
            "n": plain(value),
            "x": round(middle - wide / 2, 1),
            "y": y,
            "wide": round(wide, 1),
            "tall": round(scale(below) - y, 1),
        }
        below += value
