"""What a site says of a Postgres without pgvector."""

from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from labeling import pgvector

pytestmark = pytest.mark.django_db


def test_a_server_without_the_extension_gets_its_sentence() -> None:
    pgvector.ensure_extension()  # it has it
    with pytest.raises(ImproperlyConfigured, match=r"lacks the extension .*Install it"):
        pgvector.ensure_extension("of_no_server")


@pytest.fixture
def bare_database(transactional_db: None) -> Iterator[None]:
    """Without what the site's own were given."""
    usual = connection.settings_dict["NAME"]
    bare = f"{usual}_bare"
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {bare} TEMPLATE template0")
    connection.close()
    connection.settings_dict["NAME"] = bare
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {bare}")


@pytest.mark.usefixtures("bare_database")
@pytest.mark.django_db(transaction=True)
def test_a_role_that_may_not_create_it_is_told_who_may() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"superuser .*template1"):
        pgvector.ensure_extension()


def test_one_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pgvector, "OLDEST", (9, 0))
    with pytest.raises(ImproperlyConfigured, match=r"is 0\.\d.*9\.0 or later"):
        pgvector.ensure_extension()
