from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from webapp.downloads import detector, fer2013
from webapp.downloads.detector import NotFetched


class Command(BaseCommand):
    help = "Fetch FER-2013 with your Kaggle credentials, and the FER+ votes."

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.BASE_DIR / "data"
        votes = folder / "fer2013new.csv"
        try:
            there = fer2013.fetch(folder)
            self.stdout.write(f"FER-2013 is at {there}.")
            if not detector.is_whole(votes, fer2013.VOTES_SHA256):
                url, sha256 = fer2013.VOTES_URL, fer2013.VOTES_SHA256
                detector.fetch(votes, url=url, sha256=sha256)
            self.stdout.write(f"The FER+ votes are at {votes}.")
        except (NotFetched, OSError) as why:
            raise CommandError(f"Not fetched: {why}.") from why
