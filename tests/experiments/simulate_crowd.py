import json
import os
import shlex
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import django
import psycopg2
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.config.settings")
    django.setup()

from labeling.registry import model_versions
from labeling.review import demand
from ml.data import fer2013
from ml.vision.near_duplicates import SignatureIndex
from tests.experiments import crowd_report, crowds, held_out_rows
from tests.experiments.crowds import SHIPPED, World

KEPT_BACK = 0.4  # of FER-2013's Training rows
MOST = 6000  # of the rows kept back are looked through for copies
FROM_TUNE = 2000  # rows given there: it has learned from all Training rows but Tune
HOG = "hog"  # the network of tests/experiments/hog_model.py


class Command(BaseCommand):
    help = (
        "Play crowds of honest and lying givers through the real doors, in a database "
        "beside the site's, and report whether the model learns. Stopped, it goes on "
        "with the worlds that are missing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("out", type=Path, help="folder for results and base models")
        parser.add_argument("--seeds", type=int, default=3)
        parser.add_argument("--faces", type=int, default=450, help="a batch")
        parser.add_argument(
            "--rows", type=int, default=300, help="the base learns from"
        )
        parser.add_argument(
            "--network", default=HOG, help="or one of ml/training/networks.py"
        )
        parser.add_argument("--epochs", type=int, default=10, help="of a network")
        parser.add_argument("--shares", default="0.1,0.2,0.4", help="of liars")
        parser.add_argument("--honest-only", action="store_true")
        parser.add_argument("--shipped", action="store_true", help="(only) models/base")
        parser.add_argument("--report", type=Path, help="write the page here")
        parser.add_argument("--world", help="(for itself) play this one here and now")

    def handle(self, *args: Any, **options: Any) -> None:
        out = Path(options["out"]).resolve()
        if options["world"]:
            self._play(World(**json.loads(options["world"])), out, options)
            return
        if not settings.FER2013:
            raise CommandError("FER2013 is not set: the crowd gives its faces.")
        out.mkdir(parents=True, exist_ok=True)
        with self._database() as name:
            for world in self._worlds(options):
                if not (out / f"{world.name}.json").exists():
                    self._make_base(world.seed, out, options)
                    self._start(world, out, name)
                if options["report"]:  # after each, for it may be stopped
                    crowd_report.write(out, Path(options["report"]))

    def _worlds(self, options: dict[str, Any]) -> list[World]:
        """The most telling first: whoever stops early has those."""
        if options["shipped"]:
            return [World(seed=SHIPPED, faces=FROM_TUNE, batches=1)]
        faces, all_lines = options["faces"], tuple(crowds.OFF)
        honest = [World(seed=s + 1, faces=faces) for s in range(options["seeds"])]
        honest[0] = replace(honest[0], without=("", "doubts"))
        if options["honest_only"]:
            return honest
        shares = [float(share) for share in options["shares"].split(",") if share]
        worlds = honest[:1]
        for poison in crowds.POISONS[1:]:
            lies = World(poison=poison, share=0.2, faces=faces, without=all_lines)
            worlds += [lies, replace(lies, without_votes=True, without=("", "doubts"))]
        worlds += honest[1:]
        for share in sorted(shares, reverse=True):
            for poison in crowds.POISONS[1:] if share != 0.2 else ():
                worlds.append(World(poison=poison, share=share, faces=faces))
        return worlds

    def _make_base(self, seed: int, out: Path, options: dict[str, Any]) -> None:
        """The model that has not seen the crowd's faces: once a seed."""
        folder = out / f"base-{seed}"
        if (folder / "card.json").exists():
            return
        assert settings.FER2013 is not None
        reduced, kept = out / f"fer2013-{seed}.csv", out / f"kept-{seed}.json"
        cache = self._site(seed, out) / "cache"
        data = fer2013.read(settings.FER2013, cache=cache)
        if seed == SHIPPED:
            champion = settings.BASE_DIR / "models" / "base"
            rows = held_out_rows.drawn_from_tune(
                data, champion, count=FROM_TUNE, seed=seed
            )
            held_out_rows.write_without(data, rows, reduced)
            kept.write_text(json.dumps(rows))
            shutil.copytree(champion, folder)
            return
        rows = held_out_rows.drawn(data, share=KEPT_BACK, seed=seed)
        held_out_rows.write_without(data, rows, reduced)
        rows = held_out_rows.without_copies(data, rows[:MOST])
        kept.write_text(json.dumps(rows))
        command = [*_program(options["network"]), "train", reduced, folder]
        command += ["--preset", "quick", "--cache", cache]
        command += ["--seed", str(seed), "--name", f"base-{seed}"]
        for name in ("network", "epochs", "rows"):
            command += ["--set", f"{name}={options[name]}"]
        subprocess.run(list(map(str, command)), check=True, cwd=settings.BASE_DIR)

    def _recipe(self, seed: int, out: Path) -> dict[str, Any]:
        """The base's own, from scratch; models/base is fine-tuned as on a site."""
        if seed == SHIPPED:
            return {"preset": "finetune"}
        base = json.loads((out / f"base-{seed}" / "card.json").read_text())["config"]
        knobs = {name: base[name] for name in ("network", "epochs", "rows", "seed")}
        return {"preset": "quick", "options": {"start": "scratch", "set": knobs}}

    def _site(self, seed: int, out: Path) -> Path:
        """What a site keeps beside its database; worlds of a seed may share it."""
        return out / f"site-{seed}"

    @contextmanager
    def _database(self) -> Iterator[str]:
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

    def _start(self, world: World, out: Path, database: str) -> None:
        base = settings.DATABASES["default"]
        card = json.loads((out / f"base-{world.seed}" / "card.json").read_text())
        password = f":{base['PASSWORD']}" if base["PASSWORD"] else ""
        where = f"host={base['HOST']}&port={base['PORT']}"
        environment = {
            **os.environ,
            "DATABASE_URL": f"postgresql://{base['USER']}{password}@/{database}?{where}",
            "REDIS_URL": settings.REDIS_URL,
            "SECRET_KEY": f"world {world.seed}, the same sides with every run of it",
            "MIEN_DATA": str(self._site(world.seed, out)),
            "ML_COMMAND": shlex.join(_program(card["config"].get("network", ""))),
            "FER2013": str(out / f"fer2013-{world.seed}.csv"),
            "FERPLUS": str(settings.FERPLUS or "") if world.seed == SHIPPED else "",
            "WHOLE_FER2013": str(settings.FER2013),
            "OPENBLAS_NUM_THREADS": "1",
        }
        spec = {k: v for k, v in crowds.as_json(world).items() if k != "name"}
        command = [sys.executable, "-m", "tests.experiments.simulate_crowd", str(out)]
        command += ["--world", json.dumps(spec)]
        subprocess.run(command, env=environment, check=True, cwd=settings.BASE_DIR)

    def _play(self, world: World, out: Path, options: dict[str, Any]) -> None:
        call_command("migrate", verbosity=0)
        call_command("flush", interactive=False, verbosity=0)
        model_versions.register_shipped(out / f"base-{world.seed}")
        rows = json.loads((out / f"kept-{world.seed}.json").read_text())
        cache = Path(settings.MIEN_DATA) / "cache"
        data = fer2013.read(Path(os.environ["WHOLE_FER2013"]), cache=cache)
        stock = held_out_rows.stock(data, rows)
        recipe = self._recipe(world.seed, out)
        # The stock has no copies, and nobody sits at the desk: neither is looked up.
        with (
            mock.patch.object(SignatureIndex, "find", return_value=[]),
            mock.patch.object(demand, "urgency", return_value={}),
        ):
            results = crowds.play(world, stock, recipe, tell=self.stdout.write)
        content = {"world": crowds.as_json(world)} | results
        part = out / f"{world.name}.part"
        part.write_text(json.dumps(content, indent=1))
        part.replace(out / f"{world.name}.json")


def _program(network: str) -> list[str]:
    if network != HOG:
        return list(settings.ML_COMMAND)
    return [sys.executable, "-m", "tests.experiments.hog_model"]


if __name__ == "__main__":
    Command().run_from_argv(["-m", *sys.argv])
