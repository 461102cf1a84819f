"""docs/does-it-learn.md: the experiment's page, as its results are."""

import json
from pathlib import Path
from statistics import mean
from typing import Any

from django.template.loader import render_to_string

from webapp.charts.lines import Line, lines

INTRODUCTION = """# Does it learn?

`manage.py simulate_crowd` keeps {kept} of FER-2013's Training rows from a small base
model and lets made-up people give them, batch after batch, through the doors that
everybody uses: offer, three votes a face drawn from what FER+'s raters saw, a reviewer
who goes by rule, snapshot, training, exam, gate. Liars give three times as much as the
honest. All figures are accuracies on PrivateTest, which decides nothing here. Each row
is one world with a database of its own; network {network}, {epochs} epochs from
scratch.

![Accuracy after each batch](does-it-learn.svg)

"""
HEADS = (
    "World",
    "Base",
    "1",
    "2",
    "3",
    "Promoted",
    "Lies in force",
    "Refused",
    "Stopped",
)


def write(results: Path, page: Path) -> None:
    worlds = [json.loads(path.read_text()) for path in sorted(results.glob("s*.json"))]
    if not worlds:
        return
    honest = [world for world in worlds if not world["world"]["share"]]
    config = json.loads((results / "base-1" / "card.json").read_text())["config"]
    text = INTRODUCTION.format(
        kept="40 %", network=config["network"], epochs=config["epochs"]
    )
    text += "\n".join([_row(HEADS), _row(["---"] * len(HEADS)), *map(_world, worlds)])
    text += f"\n\n{_conclusion(honest)}\n"
    page.write_text(text)
    chart = _chart(worlds)
    drawn = render_to_string(chart.template, {"chart": chart})
    page.with_suffix(".svg").write_text(drawn)


def _world(world: dict[str, Any]) -> str:
    steps = world["results"]
    figures = [_percent(step["champion"].get("accuracy")) for step in steps]
    figures += [""] * (4 - len(figures))
    promoted = sum(step.get("outcome") == "promoted" for step in steps)
    last = steps[-1]
    weight = last.get("weight") or 1
    refused = stopped = 0
    for step in steps[1:]:
        for what, count in step["counts"].items():
            refused += count if what.startswith("refused") else 0
            stopped += count if what in ("lies rejected", "lies relabelled") else 0
    lies = _percent(last.get("lies_weight", 0) / weight)
    return _row(
        [
            world["world"]["name"],
            *figures[:4],
            f"{promoted} of 3",
            lies,
            refused,
            stopped,
        ]
    )


def _conclusion(honest: list[dict[str, Any]]) -> str:
    gains = [
        (steps[-1]["champion"]["accuracy"] - steps[0]["champion"]["accuracy"]) * 100
        for steps in (world["results"] for world in honest)
    ]
    if not gains:
        return ""
    each = ", ".join(f"{gain:+.1f}" for gain in gains)
    return (
        f"With honest givers alone the champion gained {mean(gains):+.1f} points over "
        f"three batches (by seed: {each})."
    )


def _chart(worlds: list[dict[str, Any]]) -> Any:
    series = []
    for world in worlds:
        if world["world"]["without"]:
            continue
        points = [
            (float(step["batch"]), 100 * step["champion"]["accuracy"])
            for step in world["results"]
        ]
        is_honest = not world["world"]["share"]
        series.append(Line(world["world"]["name"], points, dashed=not is_honest))
    return lines(
        series,
        title="Accuracy of the champion after each batch",
        x_label="batch",
        y_label="% right on PrivateTest",
        dots=True,
    )


def _row(cells: Any) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
