import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from webapp.charts import bar_chart, confusion_matrix, interval_plot, line_chart
from webapp.charts.axes import Chart, nice, spread

HOSTILE = '<script>x</script>"'


def drawn(chart: Chart) -> ElementTree.Element:
    """The SVG, which must be well formed."""
    html = render_to_string("charts/chart.html", {"chart": chart})
    svg = re.search(r"<svg.*?</svg>", html, re.DOTALL)
    assert svg
    return ElementTree.fromstring(svg[0])  # noqa: S314  (our own)


def every_chart(name: str = "fear") -> list[Chart]:
    lines = [line_chart.Line(name, [(1, 2.5), (2, 3.5)], low=[2, 3], high=[3, 4])]
    return [
        line_chart.lines(
            lines,
            title=name,
            x_label=name,
            y_label=name,
            marks=[line_chart.Mark(1, name)],
            x_ticks=[(1, name), (2, "b")],
        ),
        bar_chart.bars(
            [
                bar_chart.Bar(name, 3, part=1, emoji="😨"),
                bar_chart.Bar("sad", 0, part=0),
            ],
            title=name,
            x_label=name,
            name_label=name,
            part_label=name,
        ),
        bar_chart.stack(
            [(name, {"fear": 2, "sad": 1}), ("later", {})],
            names=[("fear", name), ("sad", "sad")],
            title=name,
            x_label=name,
            y_label=name,
        ),
        interval_plot.whiskers(
            [interval_plot.Whisker(name, 1.5, 1, 2)],
            title=name,
            x_label=name,
            heads=(name, name, name),
            zero=True,
        ),
        confusion_matrix.confusion(
            [[8, 2], [0, 0]],
            names=[name, "sad"],
            emojis=["😨", "😢"],
            title=name,
            row_label=name,
            column_label=name,
        ),
    ]


@pytest.mark.parametrize("number", range(5))
def test_every_chart_is_sound_and_has_its_table(number: int):
    chart = every_chart()[number]
    svg = drawn(chart)
    assert svg.attrib["aria-label"] == "fear"
    assert len(chart.table.rows) >= 1
    assert all(len(row) == len(chart.table.head) for row in chart.table.rows)


@pytest.mark.parametrize("number", range(5))
def test_hostile_words_stay_words(number: int):
    chart = every_chart(HOSTILE)[number]
    drawn(chart)
    html = render_to_string("charts/chart.html", {"chart": chart})
    assert "<script>" not in html


@pytest.mark.parametrize("number", range(5))
def test_figures_of_a_picture_know_no_decimal_comma(number: int):
    with translation.override("de"):
        html = render_to_string("charts/chart.html", {"chart": every_chart()[number]})
    for place in re.findall(r' (?:x|y|x1|y1|width|cx)="([^"]*)"', html):
        float(place)


def test_charts_of_nothing_are_drawn():
    empty = line_chart.lines([], title="t", x_label="x", y_label="y")
    drawn(empty)
    drawn(bar_chart.bars([], title="t", x_label="x", name_label="n"))
    drawn(bar_chart.stack([], names=[], title="t", x_label="x", y_label="y"))
    drawn(interval_plot.whiskers([], title="t", x_label="x", heads=("a", "b", "c")))


def test_one_point_is_a_dot():
    chart = line_chart.lines(
        [line_chart.Line("a", [(1, 2)])], title="t", x_label="x", y_label="y"
    )
    assert any(part.tag.endswith("circle") for part in drawn(chart).iter())


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (0.61, 0.64), (-3, 7), (5, 5), (0, 123_456)]
)
def test_ticks_are_few_even_and_hold_the_figures(low: float, high: float):
    start, end, ticks = nice(low, high)
    assert start <= min(low, high)
    assert end >= low
    assert 2 <= len(ticks) <= 9
    steps = {round(b - a, 9) for a, b in pairwise(ticks)}
    assert len(steps) == 1


def test_labels_move_apart_and_keep_their_order():
    moved = spread([50, 51, 52, 90], gap=13, low=0, high=100)
    assert moved == sorted(moved)
    assert all(b - a >= 13 - 0.1 for a, b in pairwise(moved))
    assert moved[-1] <= 100
