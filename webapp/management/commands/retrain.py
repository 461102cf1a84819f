import time
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, connection

from labeling.errors import Refused
from labeling.models import TrainingRun
from labeling.training import run_options, run_progress
from ml.config import GATE_POLICIES
from workers import launch

T = TypeVar("T")


class Command(BaseCommand):
    help = "Start a retraining; with --wait, follow it to its verdict."

    def add_arguments(self, parser: ArgumentParser) -> None:
        presets = TrainingRun.Preset.values
        parser.add_argument("--preset", choices=presets, default=presets[1])
        parser.add_argument("--start", choices=run_options.STARTS)
        parser.add_argument("--policy", choices=GATE_POLICIES)
        parser.add_argument("--weight", type=float, help="of a contribution")
        parser.add_argument("--network")
        parser.add_argument("--epochs", type=int)
        parser.add_argument("--seed", type=int)
        parser.add_argument("--hosts", type=int, help="that train it together")
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="KNOB=VALUE",
            help="a knob of ml/config.py; may be given several times",
        )
        parser.add_argument("--wait", action="store_true", help="until it has ended")
        parser.add_argument(
            "--patience",
            type=float,
            default=600,
            metavar="SECONDS",
            help="with --wait: how long the database may be away (default: 600)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        names = ("start", "policy", "weight", "network", "epochs", "seed", "hosts")
        wishes = {n: options[n] for n in names if options[n] is not None}
        if options["set"]:
            wishes["set"] = dict(knob.partition("=")[::2] for knob in options["set"])
        preset = options["preset"]
        about = run_progress.estimate(preset)
        try:
            run = launch.start_training(
                preset=preset, trigger=TrainingRun.Trigger.COMMAND, options=wishes
            )
        except Refused as refusal:
            raise CommandError(str(refusal.message)) from None
        self.stdout.write(f"Run {run.pk} is queued; about {about / 60:.0f} minutes.")
        if options["wait"]:
            self._follow(run, options["patience"])

    def _follow(self, run: TrainingRun, patience: float) -> None:
        said = ""
        while run.is_active:
            time.sleep(1)
            self._patiently(run, run.refresh_from_db, patience)
            if not run.log.startswith(said):  # only its end is kept
                said = ""
            self.stdout.write(run.log[len(said) :], ending="")
            self.stdout.flush()
            said = run.log
        if run.status != TrainingRun.Status.DONE:
            raise CommandError(
                f"Run {run.pk}: {run.get_status_display()}. {run.message}"
            )
        exam = self._patiently(run, lambda: run.exam, patience)
        sentence = str(exam.report["sentence"])
        if not said.rstrip().endswith(sentence):  # mostly the log ends with it
            self.stdout.write(sentence)

    def _patiently(self, run: TrainingRun, act: Callable[[], T], patience: float) -> T:
        """The worker waits out a restart of the database; so does who looks on."""
        away_since = None
        while True:
            try:
                return act()
            except (OperationalError, InterfaceError):
                connection.close()
            if away_since is None:
                away_since = time.monotonic()
                self.stderr.write("The database is away; waiting for it.")
            if time.monotonic() - away_since > patience:
                raise CommandError(
                    f"The database has been away for {patience:.0f} seconds. "
                    f"Run {run.pk} goes on when it is back; its page will tell."
                )
            time.sleep(1)
