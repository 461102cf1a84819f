"""docs/does-it-learn.md: the experiment's figures, put between two marks of the page.

What people wrote around them stays; a page that is not there yet begins with the marks.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from statistics import mean
from typing import Any

from django.template.loader import render_to_string

from tests.experiments.crowds import SHIPPED
from webapp.charts.line_chart import Line, lines

BEGIN, END = "<!-- figures: simulate_crowd --report -->", "<!-- end of figures -->"
NEW = f"# Does it learn?\n\n{BEGIN}\n{END}\n"
DEFENCES = {
    "": "none",
    "caps": "caps",
    "record": "record",
    "doubts": "confident learning",
}
# The picture stands by itself, on light pages and dark ones, so it brings its paper.
STYLE = """<style>
svg { background: #f9fafb; border-radius: 8px; }
text { font: 11px system-ui, sans-serif; fill: #4b5563; }
.grid { stroke: #d9dee5; }
.line polyline { fill: none; stroke: #0072b2; stroke-width: 2; }
.line circle { fill: #0072b2; }
.line text { fill: #1c2430; }
.dashed polyline { stroke: #b34700; stroke-dasharray: 5 4; }
.dashed circle { fill: #b34700; }
</style>"""

World = dict[str, Any]
Step = dict[str, Any]


def write(results: Path, page: Path) -> None:
    """Raises nothing where there are no results yet: there is no page then."""
    worlds = [json.loads(path.read_text()) for path in sorted(results.glob("s*.json"))]
    if not worlds:
        return
    shipped = [w for w in worlds if w["world"]["seed"] == SHIPPED]
    worlds = [w for w in worlds if w["world"]["seed"] != SHIPPED]
    worlds.sort(key=lambda w: (w["world"]["poison"] != "none", w["world"]["share"]))
    text = page.read_text() if page.exists() else NEW
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    parts = [
        f"![Accuracy of the champion after each batch]({page.stem}.svg)",
        _conclusion(worlds),
        _table(
            ("Crowd", "Base", "1", "2", "3", "Promoted", "Last challenger"),
            [_learned(world) for world in worlds if not _is_gullible(world)],
        ),
        "What got in, after the last batch. Training goes by weight: a lie that counts "
        "a quarter is a quarter of a lie.",
        _table(
            (
                "Crowd",
                "Left out",
                "Lies given",
                "In the snapshot",
                "Of its weight",
                "Last challenger",
                "Champion",
            ),
            [row for world in worlds for row in _got_in(world)],
        ),
        "What confident learning doubted, in the last snapshot. Those that two voters "
        "agreed with count in full all the same.",
        _table(
            (
                "Crowd",
                "Faces",
                "Doubted",
                "Lies among them",
                "Lies not doubted",
                "Counted less",
            ),
            [_doubted(world) for world in worlds],
        ),
        *map(_of_the_shipped, shipped),
    ]
    figures = "\n\n".join(parts)
    page.write_text(f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}")
    page.with_suffix(".svg").write_text(_picture(worlds))


def _main(world: World) -> list[Step]:
    """The line with all defences."""
    steps: list[Step] = world["lines"][""]
    return steps


def _is_gullible(world: World) -> bool:
    return bool(world["world"]["without_votes"])


def _lied(world: World) -> bool:
    return bool(world["world"]["share"])


def _name(world: World) -> str:
    facts = world["world"]
    if not facts["share"]:
        return f"honest {facts['seed']}"
    return f"{facts['poison']}, {facts['share']:.0%} lie"


def _learned(world: World) -> list[str]:
    steps = _main(world)
    figures = [_percent(step["champion"]["accuracy"]) for step in steps]
    promoted = sum(step["outcome"] == "promoted" for step in steps[1:])
    last = _percent(steps[-1]["challenger"]["accuracy"])
    return [_name(world), *figures, f"{promoted} of {len(steps) - 1}", last]


def _got_in(world: World) -> list[list[str]]:
    given = sum(batch.get("lies given", 0) for batch in world["given"])
    rows = []
    for defence, steps in world["lines"].items():
        last = steps[-1]
        left_out = ["votes"] if _is_gullible(world) else []
        left_out += [DEFENCES[defence]] if defence else []
        rows.append(
            [
                _name(world),
                ", ".join(left_out) or "nothing",
                str(given),
                f"{last['lies']} of {last['rows']}",
                _percent(last["lies_weight"] / (last["weight"] or 1)),
                _percent(last["challenger"]["accuracy"]),
                _percent(last["champion"]["accuracy"]),
            ]
        )
    return rows


def _doubted(world: World) -> list[str]:
    last = _main(world)[-1]
    name = f"{_name(world)}{', no votes' * _is_gullible(world)}"
    missed = last["lies"] - last["lies_doubted"]
    counts = [last["rows"], last["doubted"], last["lies_doubted"], missed]
    counts += [last["counted_less"]]
    return [name, *map(str, counts)]


def _conclusion(worlds: list[World]) -> str:
    honest = [_main(world) for world in worlds if not _lied(world)]
    gains = [
        100 * (steps[-1][who]["accuracy"] - steps[0]["champion"]["accuracy"])
        for who in ("champion", "challenger")
        for steps in honest
    ]
    if not honest:
        return ""
    champion, challenger = gains[: len(honest)], gains[len(honest) :]
    return (
        f"With honest givers alone the champion gained {mean(champion):+.1f} points "
        f"over the batches (by seed: {_listed(champion)}); what was trained on the "
        f"last snapshot, put in service or not, {mean(challenger):+.1f} "
        f"({_listed(challenger)})."
    )


def _of_the_shipped(world: World) -> str:
    before, after = _main(world)
    was, now = before["champion"], after["challenger"]
    return (
        f"**The model that ships**, fine-tuned with {after['rows']:,} faces it had not "
        f"seen. {after['message']} On PrivateTest: {_percent(was['accuracy'])} before, "
        f"{_percent(now['accuracy'])} after; macro-F1 {was['macro_f1']:.3f} and "
        f"{now['macro_f1']:.3f}."
    )


def _listed(values: list[float]) -> str:
    return ", ".join(f"{value:+.1f}" for value in values)


def _picture(worlds: list[World]) -> str:
    series = []
    for world in worlds:
        if _is_gullible(world) or world["world"]["share"] not in (0, 0.2):
            continue
        points = [
            (float(batch), 100 * step["champion"]["accuracy"])
            for batch, step in enumerate(_main(world))
        ]
        name = _name(world).partition(",")[0]
        series.append(Line(name, points, dashed=_lied(world)))
    chart = lines(
        series,
        title="Accuracy of the champion after each batch; dashed: a fifth lie",
        x_label="batch; dashed: a fifth of the givers lie",
        y_label="% right on PrivateTest",
        dots=True,
    )
    drawn = render_to_string(chart.template, {"chart": chart} | _context(chart))
    start = '<svg xmlns="http://www.w3.org/2000/svg" '
    head, _, body = drawn.replace("<svg ", start, 1).partition(">")
    return f"{head}>{STYLE}{body}"


def _context(chart: Any) -> dict[str, Any]:
    """As `templates/charts/chart.html` hands it on."""
    return {"frame": chart.frame, "parts": chart.parts}


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"
