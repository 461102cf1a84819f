"""`python -m ml evaluate MODEL_DIR --fer2013 PATH --split public`."""

import argparse
import json
from pathlib import Path

from ml.artefact.figures import Evaluation
from ml.commands.detect import add_answer_argument
from ml.commands.train import add_data_arguments
from ml.data import splits
from ml.errors import BadInput


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, metavar="MODEL_DIR")
    add_data_arguments(parser)
    add_answer_argument(parser)
    parser.add_argument("--split", choices=("tune", "public", "private"), required=True)
    parser.add_argument(
        "--copies",
        action="store_true",
        help="also without the faces of which Training holds a copy (takes minutes)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(args: argparse.Namespace) -> int:
    from ml.artefact.predictor import Predictor
    from ml.config import from_json
    from ml.evaluation import evaluate

    if args.fer2013 is None:
        raise BadInput("--fer2013 PATH is needed: there is nothing to measure on")
    predictor = Predictor.load(args.model)
    try:
        rows, leaked = splits.load_split(
            args.split,
            predictor.emotions,
            fer=args.fer2013,
            votes=args.ferplus,
            cache=args.cache,
            tune_every=from_json(dict(predictor.card.config)).tune_every,
        )
    except FileNotFoundError as error:
        raise BadInput(str(error)) from error
    copied = None
    if args.copies:
        copied = evaluate.find_copies(rows, fer=args.fer2013, cache=args.cache)
    found = evaluate.evaluate(predictor, rows, leaked, copied, answer=args.answer)
    print(json.dumps(found.to_json()) if args.json else as_text(args.split, found))
    return 0


def as_text(split: str, found: Evaluation) -> str:
    """The figures for a terminal."""
    low, high = found.accuracy_ci or (0, 1)
    lines = [
        f"{split}: {found.n} faces",
        f"  accuracy  {found.accuracy:.2%}  (95 %: {low:.1%} to {high:.1%})",
        f"  top two   {found.top2:.2%}",
        f"  macro-F1  {found.macro_f1:.3f}",
        f"  ECE       {found.ece:.3f}",
    ]
    if found.leaked:
        clean = found.accuracy_without_leaked
        lines.append(f"  without {found.leaked} leaked rows  {clean:.2%}")
    if found.copies:
        clean = found.accuracy_without_copies
        lines.append(f"  without {found.copies} near-copies  {clean:.2%}")
    if votes := found.ferplus:
        sure = f", ECE {votes.ece:.3f}"
        lines.append(f"  FER+ majority  {votes.accuracy:.2%} of {votes.n}{sure}")
    lines.append("  recall")
    for emotion, share in found.recall.items():
        shown = "–" if share is None else f"{share:.1%}"
        lines.append(f"    {emotion:<9} {shown}")
    return "\n".join(lines)
