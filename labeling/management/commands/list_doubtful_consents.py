from typing import Any

from django.core.management.base import BaseCommand

from labeling.models import Contribution


class Command(BaseCommand):
    help = (
        "List the faces whose consent may never have been given: number, what is in "
        "doubt, since when, and whether a dataset release holds it. They came by the "
        "API when a written no was kept as a yes. None of them is shown, released or "
        "trained on until its giver says so again under My faces."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        faces = Contribution.objects.exclude(consent_in_doubt="")
        for face in faces.order_by("consented_at", "pk").iterator():
            doubt = face.consent_in_doubt.replace(" ", ",")
            released = "released" if face.released_at else "-"
            since = f"{face.consented_at:%Y-%m-%dT%H:%M:%SZ}"
            self.stdout.write(f"{face.pk}\t{doubt}\t{since}\t{released}")
        self.stderr.write(f"in doubt: {faces.count()}")
