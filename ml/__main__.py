"""`python -m ml COMMAND …`: everything the machine learning does, from a shell.

A command is a module of `ml/commands/` with `add_arguments(parser)` and
`run(args) -> int` (the exit status). It is imported only when it is asked for, so that
`detect` never waits for TensorFlow. What it cannot use it refuses by raising
`ml.errors.BadInput`: one sentence on stderr, a status of
`ml/commands/exit_codes.py`. Results go to stdout, progress to stderr.
"""

import argparse
import importlib
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ml import __version__
from ml.commands import exit_codes
from ml.errors import BadInput, WorkerLost

COMMANDS = {  # name -> (module, one line)
    "detect": ("ml.commands.detect", "find the faces of photos and how they look"),
    "predict": ("ml.commands.detect", "as detect, by its former name"),
    "watch": ("ml.commands.watch", "follow the faces of a camera or a video"),
    "train": ("ml.commands.train", "train a network"),
    "evaluate": ("ml.commands.evaluate", "measure a model on a split of FER-2013"),
    "compare": ("ml.commands.compare", "champion and challenger on the same exam"),
    "export": ("ml.commands.export", "for Hugging Face, MLflow or LiteRT"),
    "bench-networks": (
        "ml.commands.bench_networks",
        "train the named networks on the same budget and compare them",
    ),
    "schemas": ("ml.commands.schemas", "write the JSON Schemas of card and report"),
}
# What is installed with an extra of setup.py; the rest of what may miss, with `train`.
EXTRAS = {"jinja2": "evaluate", "markupsafe": "evaluate", "scipy": "evaluate"}


def main(argv: Sequence[str] | None = None) -> int:
    argv = list(sys.argv[1:] if argv is None else argv)
    if argv[:1] == ["--version"]:
        print(f"mien-ml {__version__}")
        return exit_codes.OK
    if not argv or argv[0] not in COMMANDS:
        return _help(argv)
    name = argv[0]
    try:
        return _run(name, argv[1:])
    except (BadInput, _MissingExtra) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return exit_codes.BAD_INPUT
    except WorkerLost as error:
        print(f"{name}: {error}", file=sys.stderr)
        return exit_codes.WORKER_LOST
    except KeyboardInterrupt:
        return exit_codes.INTERRUPTED
    except BrokenPipeError:  # `… | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_codes.OK


class _MissingExtra(Exception):
    """A library that this command needs is not installed."""


def _run(name: str, argv: Sequence[str]) -> int:
    module_name, line = COMMANDS[name]
    try:
        module = importlib.import_module(module_name)
        parser = argparse.ArgumentParser(prog=f"{_program()} {name}", description=line)
        module.add_arguments(parser)
        return int(module.run(parser.parse_args(argv)) or exit_codes.OK)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in {"", "ml"}:
            raise
        extra = EXTRAS.get(missing, "train")
        raise _MissingExtra(
            f"{missing} is not installed: pip install 'mien-ml[{extra}]'"
        ) from error


def _program() -> str:
    """As it was called: by its name where it is installed."""
    called = Path(sys.argv[0]).name
    return called if called == "mien-ml" else "python -m ml"


def _help(argv: Sequence[str]) -> int:
    asked = bool(argv) and argv[0] in {"-h", "--help"}
    out = sys.stdout if asked else sys.stderr
    if argv and not asked:
        print(f"There is no command {argv[0]!r}.\n", file=out)
    print(
        f"{_program()} COMMAND … (--help after a command lists its options)\n", file=out
    )
    for name, (_module, line) in COMMANDS.items():
        print(f"  {name:<20} {line}", file=out)
    return exit_codes.OK if asked else exit_codes.USAGE


def run_from_shell() -> NoReturn:
    _hush_native_libraries()
    sys.exit(main())


def _hush_native_libraries() -> None:
    """TensorFlow's C++ greets on file descriptor 2, whatever it is told; Python writes
    to another one from now on. Who sets TF_CPP_MIN_LOG_LEVEL wants to hear it."""
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    warnings.simplefilter("ignore", FutureWarning)
    stderr = os.dup(sys.stderr.fileno())
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    sys.stderr = os.fdopen(stderr, "w", buffering=1, errors="backslashreplace")


if __name__ == "__main__":
    run_from_shell()
