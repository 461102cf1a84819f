from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeling.contributions import retention
from webapp import backups


class Command(BaseCommand):
    help = "Dump the database, by default beside WITHDRAWAL_LOG_COPY (~/mien-backups)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path)
        parser.add_argument(
            "--nightly",
            action="store_true",
            help="One of those that are kept in rings, as the clock makes them.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        addition = retention.NIGHTLY if options["nightly"] else ""
        file: Path = (options["file"] or backups.default_file(addition)).resolve()
        try:
            backups.dump(file)
        except (backups.Failed, OSError) as why:
            raise CommandError(f"No backup was made: {why}") from why
        self.stdout.write(
            f"Backed up to {file} ({file.stat().st_size // 1024} KB). The secret key "
            "is not in it: keep that apart, the links people were given need it. Keep "
            f"{settings.WITHDRAWAL_LOG_COPY} on another disk than the database: a "
            "restore after a lost disk asks for it."
        )
