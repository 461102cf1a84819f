from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from webapp import detector_file, fer2013_file
from webapp.detector_file import NotFetched


class Command(BaseCommand):
    help = "Fetch FER-2013 with your Kaggle credentials, and the FER+ votes."

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.BASE_DIR / "data"
        votes = folder / "fer2013new.csv"
        try:
            there = fer2013_file.fetch(folder)
            self.stdout.write(f"FER-2013 is at {there}.")
            if not detector_file.is_whole(votes, fer2013_file.VOTES_SHA256):
                url, sha256 = fer2013_file.VOTES_URL, fer2013_file.VOTES_SHA256
                detector_file.fetch(votes, url=url, sha256=sha256)
            self.stdout.write(f"The FER+ votes are at {votes}.")
        except (NotFetched, OSError) as why:
            raise CommandError(f"Not fetched: {why}.") from why
