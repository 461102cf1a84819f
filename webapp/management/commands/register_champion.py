from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeling.registry import model_versions
from ml.errors import BadArtefact


class Command(BaseCommand):
    help = "Make the model that ships with Mien known; the first one becomes champion."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "folder", nargs="?", type=Path, default=settings.MODELS_DIR / "base"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        if not (folder / "card.json").exists():
            self.stderr.write(
                f"No model ships in {folder}: Mien finds faces but has no opinion "
                "about them until a retraining is promoted."
            )
            return
        try:
            version = model_versions.register_shipped(folder)
        except BadArtefact as why:
            raise CommandError(f"The model in {folder} is damaged: {why}") from why
        if options["verbosity"] > 1:
            self.stdout.write(f"{version.name} is known.")
