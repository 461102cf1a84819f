from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from webapp.downloads import detector


class Command(BaseCommand):
    help = "Fetch the YuNet face detector; without it, faces are found by Haar cascade."

    def handle(self, *args: Any, **options: Any) -> None:
        target = settings.FACE_DETECTOR
        if detector.is_whole(target):
            return
        try:
            detector.fetch(target)
        except (detector.NotFetched, OSError) as why:
            self.stderr.write(
                f"The face detector YuNet could not be fetched: {why}. "
                f"Until its file is at {target}, OpenCV's Haar cascade finds the faces."
            )
            return
        self.stdout.write(f"Fetched the face detector YuNet to {target}.")
