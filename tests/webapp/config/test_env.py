"""Settings that come from files, as secrets do in containers."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from webapp.config import env


def test_a_secret_comes_from_the_file_that_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text("a long key\n")
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    assert env.text("SECRET_KEY") == "a long key"
    monkeypatch.setenv("SECRET_KEY", "another")
    assert env.text("SECRET_KEY") == "another"  # what is said outright goes first
    monkeypatch.setenv("SECRET_KEY", "")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "none"))
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY_FILE"):
        env.text("SECRET_KEY")


def test_a_database_without_a_password_in_its_url_takes_the_other_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("a word")
    monkeypatch.setenv("POSTGRES_PASSWORD_FILE", str(tmp_path / "password"))
    monkeypatch.setenv("DATABASE_URL", "postgresql://mien@host/mien")
    found = env.database("DATABASE_URL")
    assert found
    assert (found["HOST"], found["PASSWORD"]) == ("host", "a word")
    monkeypatch.setenv("DATABASE_URL", "postgresql://mien:own@host/mien")
    found = env.database("DATABASE_URL")
    assert found
    assert found["PASSWORD"] == "own"


@pytest.mark.parametrize("value", ["9464", "host:", "host:no", "host:70000", ":9464"])
def test_an_address_without_a_port_is_refused(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("METRICS_AT", value)
    with pytest.raises(ImproperlyConfigured, match="METRICS_AT"):
        env.host_and_port("METRICS_AT")
    monkeypatch.setenv("METRICS_AT", "[::1]:9464")
    assert env.host_and_port("METRICS_AT") == ("::1", 9464)
