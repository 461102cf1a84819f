from typing import Any

from django.core.management.base import BaseCommand

from webapp.downloads import engine


class Command(BaseCommand):
    help = "Fetch the engine by which the live page looks at pictures in the browser."

    def handle(self, *args: Any, **options: Any) -> None:
        if engine.is_whole():
            return
        try:
            engine.fetch()
        except (engine.NotFetched, OSError) as why:
            self.stderr.write(
                "The engine that looks at pictures in the browser could not be "
                f"fetched: {why}. Until it is there, live pictures go to the site."
            )
            return
        self.stdout.write("Fetched the engine that looks at pictures in the browser.")
