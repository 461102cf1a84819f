from typing import Any

from django.core.management.base import BaseCommand

from labeling.contributions import retention


class Command(BaseCommand):
    help = "Delete faces that waited or were rejected for too long, and spent tokens."

    def handle(self, *args: Any, **options: Any) -> None:
        for kind, count in retention.purge().items():
            self.stdout.write(f"{kind}: {count}")
