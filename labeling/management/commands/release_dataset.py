from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from labeling.datasets import dataset_release


class Command(BaseCommand):
    help = (
        "Write the faces with public consent as Parquet, with datasheet, checksums and "
        "the list of withdrawn faces for those who took earlier releases."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="Empty, or not there yet.")
        parser.add_argument("--name", default=f"mien-{timezone.now():%Y-%m-%d}")
        parser.add_argument(
            "--withdrawn-only",
            action="store_true",
            help="Only a fresh withdrawn.json, for releases that are out already.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        try:
            if options["withdrawn_only"]:
                folder.mkdir(parents=True, exist_ok=True)
                count = dataset_release.write_withdrawn(folder / "withdrawn.json")
                self.stdout.write(f"withdrawn: {count}")
                return
            release = dataset_release.write(folder, name=options["name"])
        except OSError as why:
            raise CommandError(str(why)) from why
        self.stdout.write(f"faces: {release.rows}")
        for emotion, count in sorted(release.emotions.items()):
            self.stdout.write(f"  {emotion}: {count}")
        self.stdout.write(f"withdrawn from this and earlier ones: {release.withdrawn}")
