"""A fake of `python -m ml`, where a test is about the loop around it.

The same commands, lines and folders, in a tenth of a second and without TensorFlow; it
"learns" by making one of tiny_model.py's networks. `--knows 3` makes a poor one,
`--pace 0.5` slow epochs; `--fail` says how to come to harm in epoch `--at`. `--hold
training FILE` (or `exam`) goes on at that stage only once the file is there.
"""

import argparse
import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet

from ml.artefact import card
from ml.artefact.predictor import Predictor
from ml.emotions import EMOTIONS
from ml.training import meeting
from ml.training_events import WORKER_LOST, Done, Epoch, Error, Event, Start, Step
from tests.support import tiny_model


def tell(event: Event) -> None:
    print(event.to_line(), flush=True)


def train(args: argparse.Namespace) -> int:
    if args.strategy != "one":
        told = json.loads(os.environ["TF_CONFIG"])
        workers, index = told["cluster"]["worker"], told["task"]["index"]
        meeting.wait_for_all(workers, index, seconds=60)
        if index:
            return 0  # only trained along
    manifest = {"hash": "of a file", "rows": 0}
    if args.data.is_dir():
        manifest = json.loads((args.data / "manifest.json").read_text())
    checkpoint = args.out / "checkpoint"
    done = 0
    if args.resume:
        done = json.loads((checkpoint / "state.json").read_text())["epoch"]
    counts = {"epochs": args.epochs, "rows": manifest["rows"], "tune_rows": 0}
    tell(Start(**counts, mixed_bfloat16=False))
    for epoch in range(done + 1, args.epochs + 1):
        work(args, "training")
        if args.fail and epoch == args.at:
            come_to_harm(args.fail)
        checkpoint.mkdir(parents=True, exist_ok=True)
        (checkpoint / "state.json").write_text(json.dumps({"epoch": epoch}))
        tell(
            Epoch(
                epoch=epoch,
                epochs=args.epochs,
                loss=2 / epoch,
                accuracy=1 - 1 / (epoch + 1),
                seconds_left=(args.epochs - epoch) * args.pace,
                checkpoint=str(checkpoint),
                resumed_after=done,
            )
        )
    tiny_model.make_artefact(
        args.out,
        name=args.name,
        knows=args.knows,
        snapshot={"hash": manifest["hash"], "rows": manifest["rows"]},
        config=dict(knob.split("=") for knob in args.set),
    )
    if args.fail == "damage":
        (args.out / card.MODEL).write_bytes(b"no network at all")
    tell(Done(folder=str(args.out), metrics={}))
    return 0


def work(args: argparse.Namespace, stage: str) -> None:
    end = time.monotonic() + args.pace
    held, file = args.hold
    while time.monotonic() < end or (held == stage and not Path(file).exists()):
        time.sleep(0.1)
        tell(Step(progress=0.5, seconds_left=args.pace))


def come_to_harm(how: str) -> None:
    if how == "memory":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "allocate":
        bytearray(1 << 60)
    if how == "disk":
        Path("/dev/full").write_text("a checkpoint")
    if how == "hang":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(3600)
    if how == "garble":
        print('{"event": "epoch", "epoch": 2, "epochs": 3}', flush=True)
    if how == "lost":
        tell(Error(code=WORKER_LOST, message="the training process at b:2 was lost"))
        sys.exit(5)
    if how == "refuse":
        tell(Error(code="bad_input", message="There is nothing in it."))
        sys.exit(2)


def compare(args: argparse.Namespace) -> int:
    work(args, "exam")
    faces, labels = exam(args.snapshot)
    challenger = right(args.challenger, faces, labels)
    is_alone = args.champion == "-"
    champion = None if is_alone else right(args.champion, faces, labels)
    is_better = champion is None or challenger > champion
    print(
        json.dumps(
            {
                "format": 1,
                "outcome": "promoted" if is_better else "kept",
                "sentence": f"{challenger} of {len(labels)} right, {champion} before.",
                "reasons": [],
                "policy": args.policy,
                "exam": {
                    "hash": hashlib.sha256(faces.tobytes()).hexdigest(),
                    "n": len(labels),
                    "slices": [],
                },
            }
        )
    )
    return 0


def exam(snapshot: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """The snapshot's exam rows; without any, drawn faces stand in for PublicTest."""
    if snapshot is None:
        faces = [tiny_model.face(e, seed=s) for e in EMOTIONS for s in range(4)]
        return np.stack(faces), np.repeat(range(len(EMOTIONS)), 4)
    faces, labels = [], []
    for shard in sorted(snapshot.glob("rows-*.parquet")):
        for row in pyarrow.parquet.read_table(shard).to_pylist():
            if row["split"] == "exam":
                faces.append(np.frombuffer(row["pixels"], np.uint8).reshape(48, 48))
                labels.append(int(np.argmax(row["label"])))
    return np.stack(faces), np.array(labels)


def right(folder: str, faces: np.ndarray, labels: np.ndarray) -> int:
    predictor = Predictor.load(Path(folder))
    said = predictor.predict(faces[..., None].astype(np.float32)).probabilities
    return int((said.argmax(1) == labels).sum())


def evaluate(args: argparse.Namespace) -> int:
    print(json.dumps({"n": 28, "accuracy": 0.5, "split": args.split}))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--pace", type=float, default=0.0)
    parser.add_argument("--hold", nargs=2, default=("", ""))
    parser.add_argument("--knows", type=int, default=len(EMOTIONS))
    parser.add_argument("--fail", default="")
    parser.add_argument("--at", type=int, default=2)
    commands = parser.add_subparsers(required=True)
    for command in (train, compare, evaluate):
        sub = commands.add_parser(command.__name__)
        sub.set_defaults(command=command)
        sub.add_argument("--json", action="store_true")
        sub.add_argument("--fer2013")
        sub.add_argument("--ferplus")
        if command is train:
            sub.add_argument("data", type=Path)
            sub.add_argument("out", type=Path)
            sub.add_argument("--preset")
            sub.add_argument("--name")
            sub.add_argument("--warm-start", type=Path)
            sub.add_argument("--resume", action="store_true")
            sub.add_argument("--seed")
            sub.add_argument("--strategy", default="one")
            sub.add_argument("--set", action="append", default=[])
        elif command is compare:
            sub.add_argument("champion")
            sub.add_argument("challenger")
            sub.add_argument("--snapshot", type=Path)
            sub.add_argument("--detector", type=Path)
            sub.add_argument("--policy")
        else:
            sub.add_argument("folder")
            sub.add_argument("--split")
    args = parser.parse_args()
    status: int = args.command(args)
    return status


if __name__ == "__main__":
    sys.exit(main())
