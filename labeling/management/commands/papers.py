from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeling.papers import collection


class Command(BaseCommand):
    help = (
        "Write the papers of this site as HTML, made from the running system: model "
        "cards, datasheets, technical documentation by Annex IV of the AI Act, a "
        "record of processing, and the skeleton of an impact assessment."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            papers = collection.write(options["folder"])
        except OSError as why:
            raise CommandError(str(why)) from why
        for paper in papers:
            left = f", {paper.open_points} open" if paper.open_points else ""
            self.stdout.write(f"{paper.file}: {paper.title}{left}")
