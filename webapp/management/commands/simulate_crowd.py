import json
import os
import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from psycopg2 import sql

from labeling import champions
from webapp import learning_report
from workers import simulation
from workers.simulation import World

KEPT_BACK = 0.4


class Command(BaseCommand):
    help = (
        "Play crowds of honest and lying givers through the real doors, each in a "
        "database of its own, and report whether the model learns. Stopped, it goes on "
        "with the worlds that are missing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("out", type=Path, help="folder for results and base models")
        parser.add_argument("--seeds", type=int, default=3)
        parser.add_argument("--faces", type=int, default=3800, help="a batch")
        parser.add_argument("--network", default="vgg-tiny")
        parser.add_argument("--epochs", type=int, default=10)
        parser.add_argument("--shares", default="0.1,0.2,0.4", help="of liars")
        parser.add_argument("--honest-only", action="store_true")
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
        for world in self._worlds(options):
            if (out / f"{world.name}.json").exists():
                continue
            self._make_base(world.seed, out, options)
            self._in_its_own_database(world, out)
        if options["report"]:
            learning_report.write(out, Path(options["report"]))

    def _worlds(self, options: dict[str, Any]) -> list[World]:
        faces = options["faces"]
        worlds = [World(seed=s + 1, faces=faces) for s in range(options["seeds"])]
        if options["honest_only"]:
            return worlds
        shares = [float(share) for share in options["shares"].split(",") if share]
        for poison in simulation.POISONS[1:]:
            worlds += [World(poison=poison, share=s, faces=faces) for s in shares]
            worlds += [
                World(poison=poison, share=0.2, without=defence, faces=faces)
                for defence in simulation.DEFENCES
            ]
        return worlds

    def _make_base(self, seed: int, out: Path, options: dict[str, Any]) -> None:
        """The model that has not seen the crowd's faces: once a seed."""
        folder = out / f"base-{seed}"
        if (folder / "card.json").exists():
            return
        assert settings.FER2013 is not None  # noqa: S101 (for the type checker)
        reduced = out / f"fer2013-{seed}.csv"
        rows = simulation.keep_back(
            settings.FER2013, reduced, share=KEPT_BACK, seed=seed
        )
        (out / f"kept-{seed}.json").write_text(json.dumps(rows))
        command = [*settings.ML_COMMAND, "train", reduced, folder, "--preset", "quick"]
        command += ["--seed", str(seed), "--name", f"base-{seed}"]
        if settings.FERPLUS:
            command += ["--ferplus", settings.FERPLUS]
        for name, value in self._recipe(options)["set"].items():
            command += ["--set", f"{name}={value}"]
        subprocess.run(list(map(str, command)), check=True, cwd=settings.BASE_DIR)

    def _recipe(self, options: dict[str, Any]) -> dict[str, Any]:
        knobs = {"network": options["network"], "epochs": options["epochs"], "rows": 0}
        return {"start": "scratch", "set": knobs}

    def _in_its_own_database(self, world: World, out: Path) -> None:
        name = f"mien_world_{os.getpid()}"
        data = Path(tempfile.mkdtemp(prefix="mien-world-"))
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
            drop = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
            cursor.execute(drop)
            create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
            cursor.execute(create)
            try:
                self._start(world, out, name, data)
            finally:
                cursor.execute(drop)
                shutil.rmtree(data, ignore_errors=True)

    def _start(self, world: World, out: Path, database: str, data: Path) -> None:
        base = settings.DATABASES["default"]
        password = f":{base['PASSWORD']}" if base["PASSWORD"] else ""
        where = f"host={base['HOST']}&port={base['PORT']}"
        environment = {
            **os.environ,
            "DATABASE_URL": f"postgresql://{base['USER']}{password}@/{database}?{where}",
            "REDIS_URL": settings.REDIS_URL,
            "SECRET_KEY": f"world {world.seed}, the same sides with every run of it",
            "MIEN_DATA": str(data),
            "FER2013": str(out / f"fer2013-{world.seed}.csv"),
            "WHOLE_FER2013": str(settings.FER2013),
            "CAP_FACES": "1000000" if world.without == "caps" else "",
        }
        spec = {k: v for k, v in simulation.as_json(world).items() if k != "name"}
        command = [sys.executable, "manage.py", "simulate_crowd", str(out)]
        command += ["--world", json.dumps(spec)]
        subprocess.run(command, env=environment, check=True, cwd=settings.BASE_DIR)

    def _play(self, world: World, out: Path, options: dict[str, Any]) -> None:
        call_command("migrate", verbosity=0)
        champions.register_shipped(out / f"base-{world.seed}")
        base = json.loads((out / f"base-{world.seed}" / "card.json").read_text())
        knobs = {name: base["config"][name] for name in ("network", "epochs", "rows")}
        recipe = {"start": "scratch", "set": {**knobs, "seed": world.seed}}
        rows = json.loads((out / f"kept-{world.seed}.json").read_text())
        whole = Path(os.environ["WHOLE_FER2013"])
        stock = simulation.supply(whole, settings.FERPLUS, rows)
        results = list(simulation.play(world, stock, recipe, tell=self.stdout.write))
        content = {"world": simulation.as_json(world), "results": results}
        part = out / f"{world.name}.part"
        part.write_text(json.dumps(content, indent=1))
        part.replace(out / f"{world.name}.json")
