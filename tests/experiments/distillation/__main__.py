"""Teachers that never saw Tune, and a small network that learns from their answers, in
stages of a few minutes of one GPU: docs/experiments.md says how to run them.

    python -m tests.experiments.distillation pack FACES
    python -m tests.experiments.distillation stage FACES OUT --network resnet-34
    python -m tests.experiments.distillation seal OUT MODEL
"""

import argparse
import importlib.util
import json
import os
import sys
from pathlib import Path

from ml import config as configs
from ml.config import Config, Knobs

# What suits a teacher, beside ml/config.py's defaults.
TEACHER: Knobs = {"mixup": 1.0, "label_smoothing": 0.1, "weight_decay": 1e-2}


def main(arguments: list[str] | None = None) -> int:
    args = parser().parse_args(arguments)
    if args.command == "pack":
        return pack(args)
    if args.command == "seal":
        return seal(args)
    os.environ.setdefault("KERAS_BACKEND", backend())
    return stage(args)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.experiments.distillation")
    commands = parser.add_subparsers(dest="command", required=True)
    pack = commands.add_parser("pack", help="write FACES from FER2013 and FERPLUS")
    pack.add_argument("faces", type=Path)
    pack.add_argument("--rows", type=int, default=0, help="at most so many")
    stage = commands.add_parser("stage", help="train for some minutes, and answer")
    stage.add_argument("faces", type=Path)
    stage.add_argument("out", type=Path)
    stage.add_argument("--network", default="resnet-34")
    stage.add_argument("--side", type=int, default=44, help="pixels that it sees")
    stage.add_argument("--minutes", type=float, default=8.0)
    stage.add_argument("--teacher", type=Path, action="append", default=[],
        help="a finished OUT, which this one learns from; repeatable")  # fmt: skip
    stage.add_argument("--start", type=Path, help="a model.keras to begin with")
    stage.add_argument("--set", action="append", default=[], metavar="KNOB=VALUE")
    seal = commands.add_parser("seal", help="make a model folder of a finished OUT")
    seal.add_argument("trained", type=Path)
    seal.add_argument("folder", type=Path)
    return parser


def pack(args: argparse.Namespace) -> int:
    from ml.data import fer2013, ferplus, splits
    from tests.experiments.distillation import faces_file

    fer = fer2013.read(Path(os.environ["FER2013"]))
    votes = ferplus.read(Path(os.environ["FERPLUS"]), fer.usage)
    train, tune, counts = splits.split_rows(fer, votes, Config(rows=args.rows))
    if args.rows:
        tune = tune.take(slice(args.rows // 10))
    faces_file.write(train, tune, args.faces)
    size = (args.faces / "faces.jxl").stat().st_size / 1e6
    print(f"{len(train)} faces to learn from, {len(tune)} of Tune, {size:.1f} MB")
    return 0


def backend() -> str:
    """The one that most likely knows the GPU of this machine."""
    found = [name for name in ("torch", "jax") if importlib.util.find_spec(name)]
    return found[0] if found else "tensorflow"


def stage(args: argparse.Namespace) -> int:
    import keras

    from tests.experiments.distillation import faces_file
    from tests.experiments.distillation import stage as stages
    from tests.experiments.distillation.teacher_networks import TEACHERS

    knobs: Knobs = dict(TEACHER) if args.network in TEACHERS else {}
    knobs |= {"epochs": 100, "network": args.network}
    knobs |= {"distil": 0.7} if args.teacher else {}
    knobs |= dict(configs.parse_knob(text) for text in args.set)
    task = stages.Task(Config(**knobs), args.side, tuple(args.teacher), args.start)
    where = "a GPU" if stages.has_gpu() else "the processor"
    print(f"Keras on {keras.backend.backend()}, on {where}", flush=True)
    faces = faces_file.read(args.faces)
    done = stages.run(
        task, faces, args.out, minutes=args.minutes,
        say=lambda line: print(line, flush=True),
    )  # fmt: skip
    print("done" if done else "not done yet: the same command goes on", flush=True)
    return 0


def seal(args: argparse.Namespace) -> int:
    """Calibrate, export to int8 and measure on Tune, as at the end of `ml train`."""
    from ml.training import pipeline

    knobs = json.loads((args.trained / "config.json").read_text())
    config = configs.from_json(knobs | {"wide": True})
    data = pipeline.load_data(
        pipeline.Sources(
            Path(os.environ["FER2013"]), ferplus=Path(os.environ["FERPLUS"])
        ),
        config,
    )
    network = pipeline.load_network(args.trained)
    args.folder.mkdir(parents=True, exist_ok=True)
    pipeline.save_network(network, args.folder / "model.keras")
    name = args.folder.name
    pipeline.export(network, config, data, args.folder, [], name, faces=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
