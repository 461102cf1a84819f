"""A dot with its interval on each row: differences, rates, recalls."""

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.charts.axes import Chart, Frame, Scale, Table, Tick, nice, plain


@dataclass(frozen=True)
class Whisker:
    name: str
    value: float
    low: float
    high: float
    tone: str = "ink"
    emoji: str = ""
    group: str = ""


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
    tall = 26.0
    frame = Frame(
        left=112, right=60, top=8, bottom=40, width=440, height=48 + tall * len(rows)
    )
    ends = [v for r in rows for v in (r.low, r.high)] + ([0.0] if zero else [])
    low, high, values = nice(*(x_range or (min(ends or [0]), max(ends or [1]))))
    scale = Scale(low, high, frame.left, frame.x1)

    def figure(value: float) -> str:
        return f"{value:+.1f}" if signed else f"{value:.1f}"

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
                {
                    "row": r,
                    "y": round(frame.top + tall * (i + 0.5), 1),
                    "text_y": round(frame.top + tall * (i + 0.5) + 4, 1),
                    "x": scale(r.value),
                    "x0": scale(r.low),
                    "x1": scale(r.high),
                    "text": figure(r.value),
                }
                for i, r in enumerate(rows)
            ],
        },
    )
