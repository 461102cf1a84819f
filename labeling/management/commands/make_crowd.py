import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeling import synthetic_data
from labeling.models import Contribution


class Command(BaseCommand):
    help = (
        "Fill the database with a made-up crowd and drawn faces, to see how the site "
        "does at size. --remove takes it out again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--faces", type=int, default=200_000)
        parser.add_argument("--remove", action="store_true")
        parser.add_argument(
            "--beside-real-faces",
            action="store_true",
            help="Do it although people gave faces here.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["remove"]:
            self.stdout.write(f"{synthetic_data.remove():,} faces removed")
            return
        if options["faces"] < 1:
            raise CommandError("--faces takes a number from 1.")
        real = Contribution.objects.exclude(source_name=synthetic_data.NAME)
        if real.exists() and not options["beside_real_faces"]:
            raise CommandError(
                "People gave faces here. A crowd among them would be trained on: use "
                "another database, or say --beside-real-faces."
            )
        start = time.monotonic()

        def tell(step: str) -> None:
            if options["verbosity"]:
                self.stdout.write(f"{time.monotonic() - start:6.1f} s  {step}")

        synthetic_data.make(options["faces"], tell=tell)
        tell("done")
