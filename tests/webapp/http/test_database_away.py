"""Pages and the API while Postgres is away, or ends a connection in the middle."""

from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection
from django.test import Client

from labeling import db
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def signed_in() -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(make_user())
    return client


@pytest.fixture
def away(signed_in: Client) -> Iterator[None]:
    usual = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(HOST="127.0.0.1", PORT="1")  # nobody listens
    yield
    connection.close()
    connection.settings_dict.update(usual)


@pytest.mark.parametrize("who", ["visitor", "signed in"])
@pytest.mark.parametrize(
    "page", ["/data/", "/vote/", "/api/v1/models", "/api/v1/figures"]
)
def test_it_is_said_and_when_to_come_back(
    signed_in: Client, away: None, page: str, who: str
) -> None:
    client = signed_in if who == "signed in" else Client()
    answer = client.get(page)
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "cannot reach its database" in answer.text
    if page.startswith("/api/"):
        assert answer.json()["error"]["code"] == "no_database"


def test_a_page_that_needs_no_database_works(away: None) -> None:
    assert Client().get("/about/").status_code == 200


def test_an_ended_connection_is_told_from_another_fault() -> None:
    with pytest.raises(OperationalError) as ended, connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    connection.close()
    with pytest.raises(OperationalError) as slow, connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 1; SELECT pg_sleep(9)")
    connection.close()
    assert (db.is_away(ended.value), db.is_away(slow.value)) == (True, False)
