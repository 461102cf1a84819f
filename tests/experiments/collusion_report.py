"""The table of `collude`, and whether every figure keeps what is promised."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.experiments.colluders import RINGS

MOST = {0.1: 0.005, 0.2: 0.01, 0.4: 0.03}  # of the weight may be lies
LEAST_HONEST = 0.98  # of an honest crowd's weight stays
HONEST = {
    "none": "nobody lies",
    "leaving": "nobody lies; a fifth of the voters leave after each batch",
}
BEGIN, END = "<!-- figures: collude --report -->", "<!-- end of figures -->"


def line(found: dict[str, Any]) -> str:
    """One world in one line, batch by batch."""
    parts = [
        f"{lies(step, 'undefended'):6.2%} -> {lies(step, 'defended'):6.2%},"
        f" honest {honest(step):6.1%}, {len(step['suspects'])} suspects"
        for step in found["steps"]
    ]
    return f"{found['world']['name']:24} " + " | ".join(parts)


def lies(step: dict[str, Any], which: str) -> float:
    """Their share of the snapshot's weight."""
    weight = step[which]
    return float(weight["lies"] / weight["all"]) if weight["all"] else 0.0


def honest(step: dict[str, Any]) -> float:
    """How much of what honest givers gave still counts."""
    return float(step["defended"]["honest"] / step["undefended"]["honest"])


def check(out: Path) -> int:
    """0, or 1 with a line for each figure that is out of bounds."""
    broken = 0
    for found in _results(out):
        world, last = found["world"], found["steps"][-1]
        most = MOST.get(world["share"], 0.0)
        if lies(last, "defended") > most:
            print(f"{world['name']}: lies have {lies(last, 'defended'):.2%}")
            broken = 1
        if not world["share"] and honest(last) < LEAST_HONEST:
            print(f"{world['name']}: honest givers keep {honest(last):.1%}")
            broken = 1
    return broken


def write(out: Path, page: Path) -> None:
    """Put the table between the page's marks."""
    text = page.read_text()
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    page.write_text(f"{head}{BEGIN}\n\n{table(out)}\n{END}{tail}")


def table(out: Path) -> str:
    groups = defaultdict(list)
    for found in _results(out):
        world = found["world"]
        kind = "leaving" if world.get("leaving") else world["poison"]
        groups[kind, world["share"]].append(found)
    rows = [
        "| Ring | Liars | Before | With it, at the end | Worst of all days"
        " | Honest givers keep | Allowed |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for kind in (*HONEST, *RINGS):
        rows += [
            _row(kind, share, groups[kind, share])
            for share in (0.0, *MOST)
            if (kind, share) in groups
        ]
    return "\n".join(rows) + "\n"


def _row(kind: str, share: float, found: list[dict[str, Any]]) -> str:
    """The worst of all seeds in each column."""
    last = [one["steps"][-1] for one in found]
    every = [step for one in found for step in one["steps"]]
    what = RINGS[kind].what if kind in RINGS else HONEST[kind]
    return (
        f"| {what} | {share:.0%} | {max(lies(s, 'undefended') for s in last):.1%}"
        f" | {max(lies(s, 'defended') for s in last):.2%}"
        f" | {max(lies(s, 'defended') for s in every):.2%}"
        f" | {min(honest(s) for s in last):.1%} | {MOST.get(share, 0):.1%} |"
    )


def _results(out: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in sorted(out.glob("s*.json"))]
