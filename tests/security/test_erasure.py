"""What was deleted is in none of the database's files, nor in its logs, a day later."""

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from io import StringIO
from pathlib import Path

import numpy as np
import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from labeling import accounts
from labeling.contributions import erasure, withdrawals
from labeling.models import Contribution, FaceVector, SiteRecord, User
from tests.support.factories import make_contribution, make_user
from workers import tasks

pytestmark = pytest.mark.django_db(transaction=True)

PIXELS, SIGNATURE, KEPT = os.urandom(6000), os.urandom(64), os.urandom(6000)
VECTOR = np.random.default_rng().uniform(-1, 1, 44).astype("<f2")
NEEDLES = {
    "pixels": PIXELS[100:140],
    "more pixels": PIXELS[4500:4540],
    "signature": SIGNATURE,
    "vector": VECTOR.tobytes()[:40],
    "address": b"vanishing@example.org",
}


def files() -> Iterator[Path]:
    """All of this database's, and those that it shares with others."""
    everything = Path(os.environ["MIEN_TEST_DATA"])
    with connection.cursor() as cursor:
        cursor.execute("select oid from pg_database where datname = current_database()")
        [number] = cursor.fetchone()
    folder = everything / "services" / "postgres"
    yield everything / "postgres.log"
    for found in folder.rglob("*"):
        part = found.relative_to(folder).parts
        if found.is_file() and (part[0] != "base" or part[1] == str(number)):
            yield found


def found_in_files() -> set[str]:
    found = set()
    for file in files():
        try:
            content = file.read_bytes()
        except FileNotFoundError:  # A segment of the journal that was needed no more.
            continue
        found |= {name for name, needle in NEEDLES.items() if needle in content}
        if KEPT[100:140] in content:
            found.add("kept")
    return found


@pytest.fixture
def deleted() -> Contribution:
    """Faces that were in table, statistics and journal, of which one stays."""
    user = make_user("vanishing")
    face = make_contribution(jpeg=PIXELS, signature=SIGNATURE)
    kept = make_contribution(jpeg=KEPT, signature=os.urandom(64))
    FaceVector.objects.create(crop_id=face.pk, numbers=str(VECTOR.tolist()))
    with connection.cursor() as cursor:
        cursor.execute("analyze")
        cursor.execute("checkpoint")
    assert found_in_files() == {*NEEDLES, "kept"}
    withdrawals.withdraw(face)
    accounts.delete_account(user)
    assert found_in_files() == {*NEEDLES, "kept"}  # For that is how Postgres deletes.
    return kept


def only_what_is_kept_stays() -> bool:
    """At last: other tests write to the same journal, which a segment may outlive."""
    for _ in range(10):
        if found_in_files() == {"kept"}:
            return True
        erasure.erase()
    return False


def test_the_night_takes_the_bytes_of_what_was_deleted_out_of_the_files(
    deleted: Contribution,
) -> None:
    assert erasure.erase()
    assert only_what_is_kept_stays()
    assert bytes(Contribution.objects.get().crop.jpeg) == KEPT
    assert not User.objects.exists()
    record = SiteRecord.get()
    assert (record.erased, record.deleted_at) == (record.deletions, None)


def test_while_somebody_still_sees_them_they_stay_and_it_is_said(
    deleted: Contribution, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters = connection.get_connection_params()
    login = {name: parameters[name] for name in ("host", "port", "user", "dbname")}
    withdrawn = make_contribution()
    with closing(psycopg2.connect(**login)) as onlooker:
        onlooker.set_session(isolation_level="REPEATABLE READ")
        onlooker.cursor().execute("select from labeling_crop")
        withdrawals.withdraw(withdrawn)
        assert not erasure.erase(patience=0)
        monkeypatch.setattr(erasure.erase, "__kwdefaults__", {"patience": 0})
        with pytest.raises(CommandError, match="at work on the database"):
            call_command("erase_withdrawn")
    assert SiteRecord.get().deleted_at
    said = StringIO()
    call_command("erase_withdrawn", stdout=said)
    assert "written anew" in said.getvalue()
    assert only_what_is_kept_stays()


def test_it_is_due_at_night_or_when_the_night_was_missed_and_only_if_need_be(
    deleted: Contribution,
) -> None:
    since = SiteRecord.get().deleted_at
    assert since
    noon = since.replace(hour=12)
    assert not erasure.is_due(noon)
    assert erasure.is_due(since.replace(hour=erasure.NIGHT))
    assert erasure.is_due(since + erasure.LONGEST + timedelta(seconds=1))
    SiteRecord.objects.update(deleted_at=timezone.now() - timedelta(days=1))
    tasks.erase()
    assert only_what_is_kept_stays()
    assert not erasure.is_due(since.replace(hour=erasure.NIGHT))
