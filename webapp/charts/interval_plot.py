"""A dot with its interval on each row: differences, rates, recalls."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from labeling.figures import number
from webapp.charts.axes import Chart, Frame, Scale, Table, Tick, nice, plain, room_for


@dataclass(frozen=True)
class Whisker:
    name: str
    value: float
    low: float
    high: float
    tone: str = "ink"
    emoji: str = ""
    group: str = ""


TALL = 26.0  # a row


def whiskers(
    rows: Sequence[Whisker],
    *,
    title: str,
    x_label: str,
    heads: tuple[str, str, str],
    zero: bool = False,
    signed: bool = False,
    x_range: tuple[float, float] | None = None,
) -> Chart:
    """`heads` names the first column, the figure and its interval in the table."""
    left = room_for((row.name for row in rows), least=112, before=26)
    frame = Frame(left=left, right=60, top=8, height=48 + TALL * len(rows))
    ends = [v for r in rows for v in (r.low, r.high)] + ([0.0] if zero else [])
    low, high, values = nice(*(x_range or (min(ends or [0]), max(ends or [1]))))
    scale = Scale(low, high, frame.left, frame.x1)
    figure = partial(number, places=1, signed=signed)
    return Chart(
        template="charts/whiskers.html",
        title=title,
        frame=frame,
        table=Table(
            head=heads,
            rows=[
                [r.name, figure(r.value), f"{figure(r.low)} … {figure(r.high)}"]
                for r in rows
            ],
        ),
        parts={
            "x_label": x_label,
            "x_ticks": [Tick(scale(v), plain(v)) for v in values],
            "zero": scale(0) if zero and low <= 0 <= high else None,
            "rows": [
                _row(r, scale, frame.top + TALL * (i + 0.5), figure(r.value))
                for i, r in enumerate(rows)
            ],
        },
    )


def _row(row: Whisker, scale: Scale, y: float, text: str) -> dict[str, object]:
    return {
        "row": row,
        "y": round(y, 1),
        "text_y": round(y + 4, 1),
        "x": scale(row.value),
        "x0": scale(row.low),
        "x1": scale(row.high),
        "text": text,
    }
