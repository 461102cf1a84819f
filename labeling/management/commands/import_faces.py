from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeling.contributions import imports
from ml.data.labelled_folders import MEANING


class Command(BaseCommand):
    help = (
        "Bring in faces from folders named after emotions. Run it again and only new "
        "files are taken; withdrawn ones never come back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--source", required=True, help="Name of the collection.")
        parser.add_argument(
            "--basis",
            required=True,
            help="Why we may keep and train on these faces, as text for the record.",
        )
        parser.add_argument(
            "--cropped", action="store_true", help="Each picture is a face already."
        )
        parser.add_argument(
            "--may-be-seen", action="store_true", help="Voters may look at them."
        )
        parser.add_argument(
            "--may-be-released", action="store_true", help="Dataset releases may hold."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        if not folder.is_dir():
            raise CommandError(f"{folder} is no folder.")
        if not options["basis"].strip() or not options["source"].strip():
            raise CommandError("--source and --basis need some words.")
        found = imports.pictures(folder)
        if not found:
            raise CommandError(
                f"{folder} holds no pictures in folders named after emotions "
                f"({', '.join(sorted(MEANING))})."
            )
        source = imports.Source(
            name=options["source"].strip()[:100],
            basis=options["basis"].strip(),
            is_cropped=options["cropped"],
            may_be_seen=options["may_be_seen"],
            may_be_released=options["may_be_released"],
        )
        self._take(found, source, verbosity=options["verbosity"])

    def _take(
        self, found: list[tuple[Path, str]], source: imports.Source, *, verbosity: int
    ) -> None:
        counts: Counter[str] = Counter()
        step = max(1, len(found) // 20)
        for n, outcome in enumerate(imports.take_all(found, source), start=1):
            counts[outcome.code] += 1
            if verbosity > 1 and outcome.message:
                self.stderr.write(f"{outcome.path}: {outcome.message}")
            if verbosity and (n % step == 0 or n == len(found)):
                self.stdout.write(f"{n} of {len(found)}, {counts['kept']} kept")
        for code, count in sorted(counts.items()):
            self.stdout.write(f"{code}: {count}")
