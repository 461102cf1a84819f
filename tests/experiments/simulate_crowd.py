"""Whether the model learns from a crowd, and from one that lies.

FER2013=… python -m tests.experiments.simulate_crowd OUT --report docs/does-it-learn.md

Crowds of honest and lying givers go through the real doors, in a database beside the
site's. Stopped, it goes on with the worlds that are missing.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import django
import psycopg2
from django.conf import settings

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.config.settings")
    django.setup()

from ml.data import fer2013
from ml.data.arrays import Fer2013
from tests.experiments import crowd_report, crowds, held_out_rows
from tests.experiments.crowds import SHIPPED, World

KEPT_BACK = 0.4  # of FER-2013's Training rows
MOST = 6000  # of the rows kept back are looked through for copies
FROM_TUNE = 2000  # rows given there: it has learned from all Training rows but Tune
HOG = "hog"  # the network of tests/experiments/hog_model.py


def main(argv: list[str]) -> int:
    args = arguments(argv)
    if not settings.FER2013:
        sys.exit("FER2013 is not set: the crowd gives its faces.")
    out = args.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    with database() as name:
        for world in worlds(args):
            if not (out / f"{world.name}.json").exists():
                make_base(world.seed, out, args)
                play(world, out, name)
            if args.report:  # after each, for it may be stopped
                crowd_report.write(out, args.report)
    return 0


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.experiments.simulate_crowd",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("out", type=Path, help="folder for results and base models")
    add("--seeds", type=int, default=3)
    add("--faces", type=int, default=450, help="a batch")
    add("--batches", type=int, default=3)
    add("--rows", type=int, default=300, help="the base learns from")
    add("--network", default=HOG, help="or one of ml/training/networks.py")
    add("--epochs", type=int, default=10, help="of a network")
    add("--shares", default="0.1,0.2,0.4", help="of liars")
    add("--honest-only", action="store_true")
    add("--shipped", action="store_true", help="(only) models/base")
    add("--report", type=Path, help="write the page here")
    return parser.parse_args(argv)


def worlds(args: argparse.Namespace) -> list[World]:
    """The most telling first: whoever stops early has those."""
    if args.shipped:
        return [World(seed=SHIPPED, faces=FROM_TUNE, batches=1)]
    first = World(faces=args.faces, batches=args.batches)
    honest = [replace(first, seed=number + 1) for number in range(args.seeds)]
    honest[0] = replace(honest[0], without=("", "doubts"))
    if args.honest_only:
        return honest
    shares = [float(share) for share in args.shares.split(",") if share]
    found = honest[:1]
    for poison in crowds.POISONS[1:]:
        lies = replace(first, poison=poison, share=0.2, without=tuple(crowds.OFF))
        found += [lies, replace(lies, without_votes=True, without=("", "doubts"))]
    found += honest[1:]
    for share in sorted(shares, reverse=True):
        for poison in crowds.POISONS[1:] if share != 0.2 else ():
            found.append(replace(first, poison=poison, share=share))
    return found


def make_base(seed: int, out: Path, args: argparse.Namespace) -> None:
    """The model that has not seen the crowd's faces: once a seed."""
    if (out / f"base-{seed}" / "card.json").exists():
        return
    assert settings.FER2013 is not None
    data = fer2013.read(settings.FER2013, cache=site(seed, out) / "cache")
    if seed == SHIPPED:
        copy_shipped(data, out)
    else:
        train_base(data, seed, out, args)


def copy_shipped(data: Fer2013, out: Path) -> None:
    champion = settings.BASE_DIR / "models" / "base"
    rows = held_out_rows.drawn_from_tune(data, champion, count=FROM_TUNE, seed=SHIPPED)
    held_out_rows.write_without(data, rows, out / f"fer2013-{SHIPPED}.csv")
    (out / f"kept-{SHIPPED}.json").write_text(json.dumps(rows))
    shutil.copytree(champion, out / f"base-{SHIPPED}")


def train_base(data: Fer2013, seed: int, out: Path, args: argparse.Namespace) -> None:
    reduced = out / f"fer2013-{seed}.csv"
    rows = held_out_rows.drawn(data, share=KEPT_BACK, seed=seed)
    held_out_rows.write_without(data, rows, reduced)
    rows = held_out_rows.without_copies(data, rows[:MOST])
    (out / f"kept-{seed}.json").write_text(json.dumps(rows))
    command = [*program(args.network), "train", reduced, out / f"base-{seed}"]
    command += ["--preset", "quick", "--cache", site(seed, out) / "cache"]
    command += ["--seed", seed, "--name", f"base-{seed}"]
    for name in ("network", "epochs", "rows"):
        command += ["--set", f"{name}={getattr(args, name)}"]
    subprocess.run(list(map(str, command)), check=True, cwd=settings.BASE_DIR)


def site(seed: int, out: Path) -> Path:
    """What a site keeps beside its database; worlds of a seed may share it."""
    return out / f"site-{seed}"


@contextmanager
def database() -> Iterator[str]:
    """One beside the site's; every world begins by emptying it."""
    name = f"mien_world_{os.getpid()}"
    base = settings.DATABASES["default"]
    line = {
        "host": base["HOST"],
        "port": base["PORT"] or None,
        "user": base["USER"],
        "password": base["PASSWORD"] or None,
    }
    with closing(psycopg2.connect(dbname=base["NAME"], **line)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(f"CREATE DATABASE {name}")
        try:
            yield name
        finally:
            cursor.execute(f"DROP DATABASE {name}")


def play(world: World, out: Path, name: str) -> None:
    """In a process whose settings are that world's."""
    card = json.loads((out / f"base-{world.seed}" / "card.json").read_text())
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(name),
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": f"world {world.seed}, the same sides with every run of it",
        "MIEN_DATA": str(site(world.seed, out)),
        "ML_COMMAND": shlex.join(program(card["config"].get("network", ""))),
        "FER2013": str(out / f"fer2013-{world.seed}.csv"),
        "FERPLUS": str(settings.FERPLUS or "") if world.seed == SHIPPED else "",
        "WHOLE_FER2013": str(settings.FER2013),
        "OPENBLAS_NUM_THREADS": "1",
    }
    spec = {k: v for k, v in crowds.as_json(world).items() if k != "name"}
    command = [sys.executable, "-m", "tests.experiments.play_world", str(out)]
    subprocess.run(
        [*command, json.dumps(spec)],
        env=environment,
        check=True,
        cwd=settings.BASE_DIR,
    )


def database_url(name: str) -> str:
    base = settings.DATABASES["default"]
    password = f":{base['PASSWORD']}" if base["PASSWORD"] else ""
    where = f"host={base['HOST']}&port={base['PORT']}"
    return f"postgresql://{base['USER']}{password}@/{name}?{where}"


def program(network: str) -> list[str]:
    """What understands the commands of `python -m ml` for this network."""
    if network != HOG:
        return list(settings.ML_COMMAND)
    return [sys.executable, "-m", "tests.experiments.hog_model"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
