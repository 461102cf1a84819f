"""`python -m ml train DATA OUT`: a network from a snapshot or from FER-2013."""

import argparse
import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

from ml import config as configs
from ml.commands import paths
from ml.errors import BadInput, WorkerLost
from ml.training_events import (
    WORKER_LOST,
    Done,
    Epoch,
    Error,
    Event,
    EventHandler,
    Start,
    Step,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("data", type=Path, help="a snapshot folder, or FER-2013")
    add("out", type=Path, help="the folder the model is written to")
    add("--preset", choices=list(configs.PRESETS), default="full")
    add_data_arguments(parser)
    add_folders = partial(add, type=Path, action="append", default=[])
    add_folders("--extra", help="more faces, one folder an emotion; repeatable")
    add_folders("--extra-validation", help="as --extra, but only measured on")
    add_labelling_arguments(parser)
    add("--detector", type=Path, help="YuNet's file, for extra folders")
    add("--emotions", help="a subset, as in happy,sad,angry")
    add("--warm-start", type=Path, metavar="MODEL_DIR")
    add_folders("--teacher", metavar="MODEL_DIR",
        help="whose mean answers the distil knob mixes in; repeatable "
             "(default: the warm start)")  # fmt: skip
    add("--resume", action="store_true", help="go on where OUT stopped")
    add("--strategy", choices=configs.STRATEGIES, default="one",
        help="train on one device, on all of this machine, or on those of the "
             "machines that TF_CONFIG names")  # fmt: skip
    add("--seed", type=int)
    add("--name", default="", help="of the version (default: OUT's)")
    add("--no-faces", action="store_true", help="none in the report, to pass it on")
    add("--set", action="append", default=[], metavar="KNOB=VALUE")
    add("--json", action="store_true", help="one JSON object an event")


def add_labelling_arguments(parser: argparse.ArgumentParser) -> None:
    """Where labels come from besides folders that are named by emotion."""
    from ml.data.dataset_layouts import LAYOUTS

    add = parser.add_argument
    add("--layout", choices=LAYOUTS, help="the set whose numbers and lists are meant")
    add("--labels", default="", metavar="NAME=EMOTION,…",
        help="what folders are called, as in 1=surprise,natural=neutral")  # fmt: skip
    add("--skip-unknown", action="store_true",
        help="leave out folders that say no emotion; else they stop it")  # fmt: skip


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """`--fer2013`, `--ferplus` and `--cache`, for every command that reads FER-2013."""
    add = parser.add_argument
    add("--fer2013", type=Path, help="FER-2013, in any published form")
    add("--ferplus", type=Path, help="the FER+ votes, fer2013new.csv")
    add("--cache", type=Path, default=paths.data() / "cache", help="for parsed data")


def run(args: argparse.Namespace) -> int:
    before = {s: signal.signal(s, _stop) for s in (signal.SIGTERM, signal.SIGINT)}
    on_event = _print_event if args.json else ProgressBar().show
    try:
        _train(args, on_event)
    except (BadInput, FileNotFoundError) as error:
        on_event(Error(code="bad_data", message=str(error)))
        raise BadInput(str(error)) from error
    except WorkerLost as error:
        on_event(Error(code=WORKER_LOST, message=str(error)))
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _train(args: argparse.Namespace, on_event: EventHandler) -> None:
    from ml.data.labelled_folders import labelling_of
    from ml.training import pipeline

    try:
        knobs = _knobs(args)
        config = configs.preset(args.preset, **knobs)
    except (TypeError, ValueError) as error:
        raise BadInput(str(error)) from error
    sources = pipeline.Sources(
        data=args.data,
        fer2013=args.fer2013,
        ferplus=args.ferplus,
        extra=tuple(args.extra),
        validation=tuple(args.extra_validation),
        labelling=labelling_of(args.layout, args.labels, args.skip_unknown),
        detector=paths.detector(args.detector),
        cache=args.cache,
    )
    if args.warm_start is not None:
        config = pipeline.warm_start_config(args.warm_start, config, explicit=knobs)
    pipeline.run(
        sources,
        args.out,
        config,
        on_event=on_event,
        warm_start=args.warm_start,
        teachers=tuple(args.teacher),
        resume=args.resume,
        name=args.name,
        faces=not args.no_faces,
        strategy=args.strategy,
    )


def _knobs(args: argparse.Namespace) -> dict[str, object]:
    knobs: dict[str, object] = (
        dict(configs.WARM.get(args.preset, {})) if args.warm_start else {}
    )
    knobs |= dict(configs.parse_knob(text) for text in args.set)
    if args.seed is not None:
        knobs["seed"] = args.seed
    if args.emotions:
        knobs["emotions"] = tuple(args.emotions.split(","))
    return knobs


def _stop(number: int, _frame: object) -> None:
    """Files are written whole or not at all, so a run may end wherever it stands."""
    sys.stdout.flush()
    os._exit(128 + number)


def _print_event(event: Event) -> None:
    print(event.to_line(), flush=True)


class ProgressBar:
    """The same events for a person: a bar with the time left, a line an epoch."""

    def __init__(self) -> None:
        self.is_terminal = sys.stderr.isatty()
        self.began = time.monotonic()

    def show(self, event: Event) -> None:
        match event:
            case Start():
                self._tell(
                    f"{event.rows} faces to learn from, {event.tune_rows} of Tune"
                )
            case Step() if self.is_terminal:
                self._step(event)
            case Epoch():
                self._epoch(event)
            case Done():
                seconds = time.monotonic() - self.began
                print(f"{event.folder} is ready after {seconds:.0f} s")

    def _step(self, event: Step) -> None:
        full = int(event.progress * 40)
        bar = "█" * full + "·" * (40 - full)
        minutes, seconds = divmod(int(event.seconds_left), 60)
        line = f"\r{bar} {event.progress:4.0%}, {minutes}:{seconds:02} left "
        print(line, end="", file=sys.stderr, flush=True)

    def _epoch(self, event: Epoch) -> None:
        if self.is_terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        tune = event.tune_accuracy
        shown = "" if tune is None else f", {tune:.1%} right on Tune"
        self._tell(f"epoch {event.epoch}/{event.epochs}: loss {event.loss:.3f}{shown}")

    @staticmethod
    def _tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)
