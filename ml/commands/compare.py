"""`python -m ml compare CHAMPION_DIR CHALLENGER_DIR`: which of the two serves."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from ml.artefact.figures import Interval
from ml.commands.train import add_data_arguments
from ml.config import GATE_POLICIES
from ml.errors import BadInput
from ml.evaluation.exam_report import CandidateFigures, Difference, ExamReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("champion", help="a model folder; - where there is none")
    parser.add_argument("challenger", type=Path)
    add_data_arguments(parser)
    parser.add_argument("--snapshot", type=Path, help="its exam rows join the exam")
    parser.add_argument("--split", choices=("tune", "public"), default="public")
    parser.add_argument("--detector", type=Path, help="YuNet's file: how faces turn")
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
            detector=args.detector,
        )
    except FileNotFoundError as error:
        raise BadInput(str(error)) from error
    champion = None
    if args.champion != "-":
        champion = exam_data.evaluate_candidate(Path(args.champion), rows)
    challenger = exam_data.evaluate_candidate(args.challenger, rows)
    report = compare.compare(exam, champion, challenger, policy=args.policy)
    print(json.dumps(report.to_json()) if args.json else "\n".join(lines(report)))
    return 0


def lines(report: ExamReport) -> Iterator[str]:
    """The report for a terminal: in percent, differences with their 95 % intervals."""
    yield report.sentence
    if report.champion is None or report.difference is None:
        return
    yield f"\n{'percent':<22}{'champion':>10}{'challenger':>12}  difference"
    yield from _table(report.champion, report.challenger, report.difference)
    broken = [guard.name for guard in report.guards if guard.broken]
    yield f"\nguard-rails broken: {', '.join(broken) or 'none'}"
    fixed, spoilt = len(report.changed.fixed), len(report.changed.broken)
    yield f"faces from wrong to right: {fixed}, from right to wrong: {spoilt}"


def _table(
    old: CandidateFigures, new: CandidateFigures, change: Difference
) -> Iterator[str]:
    yield _line("accuracy", old.accuracy, new.accuracy, change.accuracy_interval)
    yield _line("macro_f1", old.macro_f1, new.macro_f1, change.macro_f1)
    yield _line("ferplus", old.ferplus, new.ferplus, change.ferplus)
    if len(change.slices) > 1:  # one slice is the whole
        for name, part in change.slices.items():
            shares = old.slices[name].value, new.slices[name].value
            yield _line(f"slice {name}", *shares, part)
    for name, here in new.images.items():
        yield _line(f"{name} pictures", old.images[name].value, here.value, None)
    for name, part in change.recall.items():
        shares = old.recall[name].value, new.recall[name].value
        yield _line(f"recall of {name}", *shares, part)


def _line(
    name: str, old: float | None, new: float | None, change: Interval | None
) -> str:
    points = change.percent() if change else None
    if old is None or new is None:
        return f"{name:<22}{'–':>10}{'–':>12}"
    if points is None:
        return f"{name:<22}{100 * old:>10.1f}{100 * new:>12.1f}"
    shown = "{:>+10.1f}  ({:+.1f} to {:+.1f})".format(*points)
    return f"{name:<22}{100 * old:>10.1f}{100 * new:>12.1f}  {shown}"
