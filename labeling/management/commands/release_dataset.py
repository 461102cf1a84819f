from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeling.datasets import dataset_release
from labeling.errors import Refused


class Command(BaseCommand):
    help = (
        "Write the faces with public consent as Parquet or as folders, with datasheet, "
        "croissant.json, checksums and the list of withdrawn faces for those who took "
        "earlier releases."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="Empty, or not there yet.")
        parser.add_argument("--name", default="", help="mien-DATE when left out.")
        parser.add_argument(
            "--variant",
            choices=dataset_release.Variant.values,
            default=dataset_release.Variant.ALL,
            help="all; validated: that voters confirmed; since: that no earlier "
            "release with pictures has; metadata: all, without pictures.",
        )
        parser.add_argument(
            "--form",
            choices=dataset_release.Form.values,
            default=dataset_release.Form.PARQUET,
        )
        parser.add_argument("--url", default="", help="Where you will publish it.")
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
            wished = {k: options[k] for k in ("name", "variant", "form", "url")}
            release = dataset_release.write(folder, **wished)
        except (OSError, Refused) as why:
            raise CommandError(str(why)) from why
        self.stdout.write(f"name: {release.row.name}")
        self.stdout.write(f"faces: {release.rows}")
        for emotion, count in sorted(release.emotions.items()):
            self.stdout.write(f"  {emotion}: {count}")
        self.stdout.write(f"withdrawn from this and earlier ones: {release.withdrawn}")
