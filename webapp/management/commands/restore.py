from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp import backups


class Command(BaseCommand):
    help = "Bring a dump back; what was withdrawn since stays withdrawn."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"].resolve()
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        try:
            faces, accounts = backups.restore(file)
        except (backups.Failed, OSError) as why:
            raise CommandError(f"Nothing was restored: {why}") from why
        self.stdout.write(
            f"Restored {file.name}. Taken back again, because their givers did so "
            f"since: {faces} faces, {accounts} accounts."
        )
