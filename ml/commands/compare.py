"""`python -m ml compare CHAMPION_DIR CHALLENGER_DIR`: which of the two serves."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ml.commands.train import add_data_arguments
from ml.config import GATE_POLICIES
from ml.errors import BadInput

Report = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("champion", help="a model folder; - where there is none")
    parser.add_argument("challenger", type=Path)
    add_data_arguments(parser)
    parser.add_argument("--snapshot", type=Path, help="its exam rows join the exam")
    parser.add_argument("--split", choices=("tune", "public"), default="public")
    parser.add_argument("--policy", choices=GATE_POLICIES, default=GATE_POLICIES[0])
    parser.add_argument("--json", action="store_true", help="the whole report")


def run(args: argparse.Namespace) -> int:
    from ml.evaluation import compare, exam_data

    try:
        rows, exam = exam_data.load_exam(
            fer=args.fer2013,
            votes=args.ferplus,
            contributions=args.snapshot,
            split=args.split,
            cache=args.cache,
        )
    except FileNotFoundError as error:
        raise BadInput(str(error)) from error
    champion = None
    if args.champion != "-":
        champion = exam_data.evaluate_candidate(Path(args.champion), rows)
    challenger = exam_data.evaluate_candidate(args.challenger, rows)
    report = compare.compare(exam, champion, challenger, policy=args.policy)
    print(json.dumps(report) if args.json else "\n".join(lines(report)))
    return 0


def lines(report: Report) -> Iterator[str]:
    """The report for a terminal: in percent, differences with their 95 % intervals."""
    yield report["sentence"]
    champion, challenger = report["champion"], report["challenger"]
    if champion is None:
        return
    difference = report["difference"]
    whole = {"value": difference["accuracy"], **difference}
    yield f"\n{'percent':<22}{'champion':>10}{'challenger':>12}  difference"
    yield _line("accuracy", champion["accuracy"], challenger["accuracy"], whole)
    for name in ("macro_f1", "ferplus"):
        yield _line(name, champion[name], challenger[name], difference[name])
    for group, title in (("slices", "slice {}"), ("recall", "recall of {}")):
        if len(difference[group]) == 1:
            continue  # one slice is the whole
        for name, change in difference[group].items():
            old, new = (side[group][name]["value"] for side in (champion, challenger))
            yield _line(title.format(name), old, new, change)
    broken = [guard["name"] for guard in report["guards"] if guard["broken"]]
    yield f"\nguard-rails broken: {', '.join(broken) or 'none'}"
    fixed, spoilt = (len(report["changed"][name]) for name in ("fixed", "broken"))
    yield f"faces from wrong to right: {fixed}, from right to wrong: {spoilt}"


def _line(name: str, old: float | None, new: float | None, change: Any) -> str:
    if old is None or new is None or change is None:
        return f"{name:<22}{'–':>10}{'–':>12}"
    points = (100 * change[end] for end in ("value", "low", "high"))
    shown = "{:>+10.1f}  ({:+.1f} to {:+.1f})".format(*points)
    return f"{name:<22}{100 * old:>10.1f}{100 * new:>12.1f}  {shown}"
