"""One world of simulate_crowd, in a process and a database of its own.

python -m tests.experiments.play_world OUT WORLD; simulate_crowd starts it, with the
world's settings in the environment.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import django
from django.conf import settings
from django.core.management import call_command

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.config.settings")
    django.setup()

from labeling.registry import model_versions
from labeling.review import demand
from ml.data import fer2013
from ml.vision.near_duplicates import SignatureIndex
from tests.experiments import crowds, held_out_rows
from tests.experiments.crowds import SHIPPED, World


def main(argv: list[str]) -> int:
    out, world = Path(argv[0]), World(**json.loads(argv[1]))
    call_command("migrate", verbosity=0)
    call_command("flush", interactive=False, verbosity=0)
    model_versions.register_shipped(out / f"base-{world.seed}")
    rows = json.loads((out / f"kept-{world.seed}.json").read_text())
    cache = Path(settings.MIEN_DATA) / "cache"
    data = fer2013.read(Path(os.environ["WHOLE_FER2013"]), cache=cache)
    stock = held_out_rows.stock(data, rows)
    with without_searches():
        results = crowds.play(world, stock, recipe(world.seed, out), tell=print)
    content = {"world": crowds.as_json(world)} | results
    part = out / f"{world.name}.part"
    part.write_text(json.dumps(content, indent=1))
    part.replace(out / f"{world.name}.json")
    return 0


def recipe(seed: int, out: Path) -> dict[str, Any]:
    """The base's own, from scratch; models/base is fine-tuned as on a site."""
    if seed == SHIPPED:
        return {"preset": "finetune"}
    base = json.loads((out / f"base-{seed}" / "card.json").read_text())["config"]
    knobs = {name: base[name] for name in ("network", "epochs", "rows", "seed")}
    return {"preset": "quick", "options": {"start": "scratch", "set": knobs}}


@contextmanager
def without_searches() -> Iterator[None]:
    """The stock has no copies, and nobody sits at the queue: neither is looked up, for
    that would take most of a world's time."""
    with (
        mock.patch.object(SignatureIndex, "find", return_value=[]),
        mock.patch.object(demand, "urgency", return_value={}),
    ):
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
