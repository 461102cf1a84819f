"""A database whose disk is full: who gives is told so, and /health knows."""

import base64
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from django.db import connection
from django.test import Client
from psycopg2 import errors, sql
from pytest_django import Settings

from deploy.supervisor import postgres, service_user
from labeling.contributions import withdrawals
from labeling.errors import Refused
from labeling.models import Contribution, Session
from labeling.training import training_runs
from tests.support.factories import make_contribution, make_user
from tests.support.small_disk import small_disk
from tests.webapp.api import test_contributions as api
from tests.webapp.views import test_contribute as pages
from webapp.views import health

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("champion"),
]
TABLES = ("labeling_crop", "labeling_session")


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Crops and sessions, and what is temporary, lie on a disk that is full."""
    parameters = connection.get_connection_params()
    login = {name: parameters[name] for name in ("host", "port", "dbname")}
    account, name = service_user.for_services(), f"full_{login['dbname']}"
    with (
        small_disk(4) as disk,
        closing(psycopg2.connect(**login, user=postgres.SUPERUSER)) as line,
        line.cursor() as cursor,
    ):
        line.autocommit = True

        def execute(statement: str) -> None:
            cursor.execute(sql.SQL(statement).format(sql.Identifier(name)))

        folder = disk / "tables"
        account.make_folder(folder)
        cursor.execute(
            sql.SQL("create tablespace {} location {}").format(
                sql.Identifier(name), sql.Literal(str(folder))
            )
        )
        try:
            execute("grant create on tablespace {} to mien")
            for table in TABLES:
                # Emptied, so that no page of them has room.
                execute(f"truncate {table} cascade")
                execute(f"alter table {table} set tablespace {{}}")
            execute("create table filler (text text) tablespace {}")
            with pytest.raises(errors.DiskFull):
                execute(
                    "insert into filler select repeat('x', 1900)"
                    " from generate_series(1, 1e6)"
                )
            with connection.cursor() as ours:
                ours.execute(f'set temp_tablespaces = "{name}"')
            yield
        finally:
            connection.close()
            execute("drop table if exists filler")
            for table in TABLES:
                execute(f"alter table {table} set tablespace pg_default")
            execute("drop tablespace {}")


def test_on_a_full_disk_nothing_is_half_kept_and_everybody_is_told(
    client: Client, request: pytest.FixtureRequest, settings: Settings
) -> None:
    form, fields = pages.shown(client), api.gift(client)
    make_user("bo")
    log = Path(os.environ["MIEN_TEST_DATA"]) / "postgres.log"
    request.getfixturevalue("full_disk")
    health.takes_writes.cache_clear()
    client.raise_request_exception = False

    page = client.post("/contribute/give/", form | pages.AGREED)
    assert page.status_code == 507
    assert "has no room left" in page.text
    answer = api.give(client, fields)
    assert answer.status_code == 507
    assert answer.json()["error"]["code"] == "no_room"
    assert not Contribution.objects.exists()

    # The session is kept after the view has answered: nobody but the last page says it.
    known = {"login": "bo@example.org", "password": "secret"}
    page = client.post("/accounts/login/", known)
    assert page.status_code == 507
    assert "has no room left" in page.text
    assert not Session.objects.exists()

    said = log.read_text(errors="replace")
    crop = base64.b64decode(form["crop"])
    assert crop[100:120].hex() not in said
    assert "bo@example.org" not in said

    assert client.get("/health").json()["database"] == {"ok": False}
    assert client.get("/").status_code == 200


def test_health_wants_room_where_the_site_writes(
    client: Client, settings: Settings
) -> None:
    health.takes_writes.cache_clear()
    assert client.get("/health").json()["disk"] == {"ok": True}
    with small_disk(4) as disk:
        settings.MIEN_DATA = disk
        assert client.get("/health").json()["disk"] == {"ok": False}


def test_the_last_room_is_left_for_withdrawals(
    client: Client, settings: Settings
) -> None:
    form, known = pages.shown(client), make_contribution()
    with small_disk(50) as disk:
        settings.POSTGRES_FOLDER = disk
        page = client.post("/contribute/give/", form | pages.AGREED)
        assert page.status_code == 507
        assert "has no room left" in page.text
        with pytest.raises(Refused, match="no room left"):
            training_runs.request(preset="quick")
        assert withdrawals.withdraw(known).count == 1
    assert client.post("/contribute/give/", form | pages.AGREED).status_code == 201


def test_a_file_that_cannot_be_written_is_told_likewise(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        with Path("/dev/full").open("wb", buffering=0) as full:
            full.write(b"x")

    monkeypatch.setattr("labeling.accounts.make_token", fail)
    client.force_login(make_user())
    page = client.post(
        "/account/tokens/", {"name": "laptop", "scopes": ["read", "give"]}
    )
    assert page.status_code == 507
    assert "has no room left" in page.text
