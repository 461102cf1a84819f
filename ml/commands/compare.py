"""`python -m ml compare CHAMPION_DIR CHALLENGER_DIR`: which of the two serves."""

import argparse
import json
from pathlib import Path

from ml.commands.train import add_data_arguments
from ml.errors import BadInput


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("champion", help="a model folder; - where there is none")
    parser.add_argument("challenger", type=Path)
    add_data_arguments(parser)
    parser.add_argument("--snapshot", type=Path, help="its exam rows join the exam")
    parser.add_argument("--split", choices=("tune", "public"), default="public")
    parser.add_argument(
        "--policy", choices=("improves", "significant"), default="improves"
    )
    parser.add_argument("--json", action="store_true", help="the whole report")


def run(args: argparse.Namespace) -> int:
    from ml import compare, examining

    try:
        rows, exam = examining.gather(
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
        champion = examining.sit(Path(args.champion), rows)
    challenger = examining.sit(args.challenger, rows)
    report = compare.compare(exam, champion, challenger, policy=args.policy)
    print(json.dumps(report) if args.json else report["sentence"])
    return 0
