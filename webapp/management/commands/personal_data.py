from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeling import subject_requests
from labeling.errors import Refused
from labeling.subject_requests import Subject
from webapp.presenters import contribution, data_export


class Command(BaseCommand):
    help = "Answer somebody who asks by mail for what is held of them, or to delete it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("who", help="an account's address, or a private link")
        parser.add_argument("--download", type=Path, metavar="FILE.zip")
        parser.add_argument("--delete", action="store_true", help="all of it, at once")

    def handle(
        self,
        *args: Any,
        who: str,
        download: Path | None,
        delete: bool,
        **options: Any,
    ) -> None:
        try:
            subject = subject_requests.find(who)
            self._show(subject)
            if download:
                self._download(subject, download)
            if delete:
                self._delete(subject)
        except (Refused, OSError) as why:
            raise CommandError(str(why)) from why

    def _show(self, subject: Subject) -> None:
        if subject.user:
            since = f"{subject.user.date_joined:%Y-%m-%d}"
            self.stdout.write(f"An account since {since}, with")
        self.stdout.write(f"{subject.faces.count()} faces:")
        for told in contribution.summarise(subject.faces.order_by("created_at")):
            self.stdout.write(f"  {told.face.pk} {told.face.emotion}: {told.sentence}")

    def _download(self, subject: Subject, file: Path) -> None:
        parts = (
            data_export.of_account(subject.user)
            if subject.user
            else data_export.of_faces(subject.faces)
        )
        with file.open("xb") as out:
            file.chmod(0o600)
            out.writelines(parts)
        subject_requests.record_download(subject)
        self.stdout.write(f"All that is held of them is in {file}.")

    def _delete(self, subject: Subject) -> None:
        receipt = subject_requests.delete(subject)
        learned = ", ".join(version.name for version in receipt.contaminated)
        self.stdout.write(
            f"Deleted: {receipt.count} faces{' and the account' * bool(subject.user)}. "
            f"Versions that learned from them: {learned or 'none'}."
        )
