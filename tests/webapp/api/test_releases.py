from uuid import uuid4

import pytest
from django.utils import timezone

from labeling.models import DatasetRelease, Withdrawal
from tests.support.api_clients import Program

pytestmark = pytest.mark.django_db


def test_finished_releases_are_listed_the_latest_first() -> None:
    made = {"variant": "all", "form": "parquet", "made_at": timezone.now()}
    first = DatasetRelease.objects.create(name="2026-1", **made)
    DatasetRelease.objects.create(
        name="2026-2", **made, before=first, emotions={"sad": 3}
    )
    DatasetRelease.objects.create(name="unfinished", variant="all", form="parquet")
    found = Program().get("releases").json()["results"]
    assert [(one["name"], one["faces"]) for one in found] == [
        ("2026-2", 3),
        ("2026-1", 0),
    ]
    said = Program().get(f"releases/{found[0]['id']}").json()
    assert said == found[0]
    assert (said["before"], said["url"]) == (first.pk, None)


def test_one_that_was_never_finished_is_not_there() -> None:
    row = DatasetRelease.objects.create(name="x", variant="all", form="parquet")
    assert Program().get(f"releases/{row.pk}").status_code == 404


def test_who_took_a_release_learns_what_to_delete_from_it() -> None:
    released = Withdrawal.objects.create(contribution_id=uuid4(), was_released=True)
    Withdrawal.objects.create(contribution_id=uuid4())
    found = Program().get("releases/withdrawn").json()["results"]
    assert [one["id"] for one in found] == [str(released.pk)]
