"""`python -m ml COMMAND …`: everything the machine learning does, from a shell.

A command is a module of `ml/commands/` with `add_arguments(parser)` and
`run(args) -> int` (the exit status). It is imported only when it is asked for, so that
`predict` never waits for TensorFlow. What it cannot use it refuses by raising
`ml.errors.BadInput`: one sentence on stderr, status 2.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from ml.errors import BadInput

COMMANDS = {  # name -> (module, one line)
    "predict": ("ml.commands.predict", "find the faces of photos and how they look"),
    "watch": ("ml.commands.watch", "follow the faces of a camera or a video"),
    "train": ("ml.commands.train", "train a network"),
    "evaluate": ("ml.commands.evaluate", "measure a model on a split of FER-2013"),
    "compare": ("ml.commands.compare", "champion and challenger on the same exam"),
    "bench-networks": (
        "ml.commands.bench_networks",
        "train the named networks on the same budget and compare them",
    ),
    "schemas": ("ml.commands.schemas", "write the JSON Schemas of card and report"),
}


def main(argv: Sequence[str] | None = None) -> int:
    argv = list(sys.argv[1:] if argv is None else argv)
    if not argv or argv[0] not in COMMANDS:
        return _help(argv)
    name = argv[0]
    module_name, line = COMMANDS[name]
    module = importlib.import_module(module_name)
    parser = argparse.ArgumentParser(prog=f"python -m ml {name}", description=line)
    module.add_arguments(parser)
    args = parser.parse_args(argv[1:])
    try:
        return int(module.run(args) or 0)
    except BadInput as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `… | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _help(argv: Sequence[str]) -> int:
    asked = bool(argv) and argv[0] in {"-h", "--help"}
    out = sys.stdout if asked else sys.stderr
    if argv and not asked:
        print(f"There is no command {argv[0]!r}.\n", file=out)
    print(
        "python -m ml COMMAND … (--help after a command lists its options)\n", file=out
    )
    for name, (_module, line) in COMMANDS.items():
        print(f"  {name:<20} {line}", file=out)
    return 0 if asked else 2


if __name__ == "__main__":
    sys.exit(main())
