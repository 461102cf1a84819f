"""Lines over time, epochs or versions, each named at its end."""

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.charts.axes import (
    Chart,
    Frame,
    Scale,
    Table,
    Tick,
    nice,
    plain,
    room_for,
    spread,
)


@dataclass(frozen=True)
class Line:
    name: str
    points: Sequence[tuple[float, float]]
    tone: str = "ink"
    dashed: bool = False
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    is_joined: bool = True  # else hollow dots


@dataclass(frozen=True)
class Mark:
    """Something that happened at x: a promotion, a withdrawal."""

    x: float
    label: str


def lines(
    series: Sequence[Line],
    *,
    title: str,
    x_label: str,
    y_label: str,
    x_ticks: Sequence[tuple[float, str]] = (),
    y_range: tuple[float, float] | None = None,
    marks: Sequence[Mark] = (),
    dots: bool = False,
) -> Chart:
    """Lines with a band from `low` to `high` where those are given."""
    frame = Frame(right=room_for((line.name for line in series), least=76))
    drawn = [line for line in series if line.points]
    scale_x = _across(drawn, frame)
    scale_y, y_values = _up(drawn, frame, y_range)
    ends = spread(
        [scale_y(line.points[-1][1]) for line in drawn],
        gap=13,
        low=frame.top + 4,
        high=frame.y1,
    )
    return Chart(
        template="charts/lines.html",
        title=title,
        frame=frame,
        table=_table(series, x_label, dict(x_ticks)),
        parts={
            "x_label": x_label,
            "y_label": y_label,
            "x_ticks": _x_ticks(x_ticks, scale_x),
            "y_ticks": [Tick(scale_y(v), plain(v)) for v in y_values],
            "lines": [
                _drawn(line, scale_x, scale_y, end) | {"label_x": frame.x1 + 7}
                for line, end in zip(drawn, ends, strict=True)
            ],
            "marks": [Tick(scale_x(m.x), m.label) for m in marks],
            "dots": dots or any(len(line.points) == 1 for line in drawn),
        },
    )


def _across(series: Sequence[Line], frame: Frame) -> Scale:
    xs = [x for line in series for x, _ in line.points] or [0.0, 1.0]
    room = 0.5 if min(xs) == max(xs) else 0.0
    return Scale(min(xs) - room, max(xs) + room, frame.left + 6, frame.x1)


def _up(
    series: Sequence[Line], frame: Frame, ends: tuple[float, float] | None
) -> tuple[Scale, list[float]]:
    ys = [y for line in series for _, y in line.points] or [0.0, 1.0]
    ys += [y for line in series for y in (*line.low, *line.high)]
    low, high, values = nice(*(ends or (min(ys), max(ys))))
    return Scale(low, high, frame.y1, frame.top), values


def _drawn(line: Line, scale_x: Scale, scale_y: Scale, end: float) -> dict[str, object]:
    places = [(scale_x(x), scale_y(y)) for x, y in line.points]
    band = []
    if line.low and line.high:
        across = [x for x, _ in places]
        upper = [scale_y(v) for v in line.high]
        lower = [scale_y(v) for v in line.low]
        band = [*zip(across, upper, strict=True)]
        band += reversed([*zip(across, lower, strict=True)])
    return {
        "name": line.name,
        "tone": line.tone,
        "dashed": line.dashed,
        "is_joined": line.is_joined,
        "path": " ".join(f"{x},{y}" for x, y in places),
        "places": places,
        "band": " ".join(f"{x},{y}" for x, y in band),
        "label_y": end + 4,
    }


def _x_ticks(given: Sequence[tuple[float, str]], scale: Scale) -> list[Tick]:
    if given:
        every = max(1, -(-len(given) // 7))
        return [Tick(scale(x), label) for x, label in given[::every]]
    _, _, values = nice(scale.low, scale.high, wanted=5)
    whole = [v for v in values if scale.low <= v <= scale.high and v % 1 == 0]
    return [Tick(scale(v), plain(v)) for v in whole]


def _table(series: Sequence[Line], x_label: str, names: dict[float, str]) -> Table:
    xs = sorted({x for line in series for x, _ in line.points})
    columns = [dict(line.points) for line in series]
    rows = [
        [
            names.get(x, plain(x)),
            *(plain(round(c[x], 3)) if x in c else "–" for c in columns),
        ]
        for x in xs
    ]
    return Table(head=[x_label, *(line.name for line in series)], rows=rows)
