import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp import backup_encryption


class Command(BaseCommand):
    help = "Make a key for backups: the whole into a file, its public half is shown."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"].resolve()
        whole, public = backup_encryption.new_key()
        try:
            made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as why:
            raise CommandError(f"No key was made: {why}") from why
        with os.fdopen(made, "w") as kept:
            kept.write(f"# public key: {public}\n{whole}\n")
        self.stdout.write(
            f"BACKUP_KEY={public}\n"
            "With this setting backups are encrypted, and this machine cannot open "
            f"them. Take {file} to another place, and a copy to a third: a backup "
            "whose key is lost is lost."
        )
