from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeling.models import Contribution
from webapp import backups


class Command(BaseCommand):
    help = "Bring a dump back; what was withdrawn since stays withdrawn."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--log",
            type=Path,
            help="The newest log of withdrawals of the site that made the dump.",
        )
        parser.add_argument(
            "--key",
            type=Path,
            help="The file with the key of an encrypted dump; else BACKUP_KEY is.",
        )
        parser.add_argument(
            "--accept-resurrection",
            action="store_true",
            help="Without that log: set all faces aside until their givers consent.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"].resolve()
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        log: Path | None = options["log"]
        if log and not log.is_file():
            raise CommandError(f"There is no file {log}.")
        try:
            key: Path | None = options["key"]
            faces, accounts = backups.restore(
                file,
                key=key.read_text() if key else "",
                newest_log=log,
                accept_resurrection=options["accept_resurrection"],
            )
        except (backups.Failed, OSError) as why:
            raise CommandError(f"Nothing was restored: {why}") from why
        self.stdout.write(
            f"Restored {file.name}. Taken back again, because their givers did so "
            f"since: {faces} faces, {accounts} accounts."
        )
        in_doubt = Contribution.objects.filter(status=Contribution.Status.IN_DOUBT)
        if aside := in_doubt.count():
            self.stdout.write(f"Set aside until their givers consent: {aside} faces.")
