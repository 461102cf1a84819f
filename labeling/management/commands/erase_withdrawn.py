from typing import Any

from django.core.management.base import BaseCommand, CommandError

from labeling.contributions import erasure


class Command(BaseCommand):
    help = "Take the bytes of all that was deleted out of the database's files, now."

    def handle(self, *args: Any, **options: Any) -> None:
        if not erasure.erase():
            raise CommandError("Not done: somebody is at work on the database.")
        self.stdout.write("The database's files were written anew.")
