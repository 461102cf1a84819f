"""What stands between a running Postgres and the first request."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from pytest_django import Settings

from deploy.supervisor import prepare
from labeling import db
from labeling.models import AuditEntry, ModelVersion, User
from labeling.registry import model_versions
from tests.support.supervised_site import until

ROOT = Path(__file__).resolve().parents[2]


def told(command: str, *arguments: object) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out, stderr=out)
    return out.getvalue()


@pytest.fixture(autouse=True)
def nobody_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MIEN_ADMIN_EMAIL", raising=False)
    monkeypatch.delenv("MIEN_ADMIN_PASSWORD", raising=False)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_tables_of_an_earlier_version_are_dumped_before_they_change(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.WITHDRAWAL_LOG_COPY = tmp_path / "second" / "withdrawals.log"
    *_, before, _newest = sorted((ROOT / "labeling" / "migrations").glob("0*.py"))
    call_command("migrate", "labeling", before.stem, verbosity=0)
    prepare.prepare_site(is_whole=True)
    [dump] = (tmp_path / "second").glob("mien-*.dump")
    assert f"`make restore {dump}`" in capsys.readouterr().out
    assert dump.stat().st_mode & 0o777 == 0o600
    prepare.prepare_site(is_whole=True)  # nothing changes any more
    assert [dump] == list((tmp_path / "second").glob("*"))


@pytest.mark.django_db(transaction=True)
def test_an_index_is_made_beside_hosts_that_wait_for_their_turn() -> None:
    with ThreadPoolExecutor() as pool:
        with db.trying_lock(db.AdvisoryLock.PREPARING), connection.cursor() as cursor:
            other = pool.submit(take_a_turn)
            until(lambda: cursor.execute(WAITING) or cursor.fetchone()[0])
            cursor.execute("CREATE INDEX CONCURRENTLY beside ON labeling_vote (id)")
            cursor.execute("DROP INDEX beside")
            assert not other.done()
        other.result()


WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE query LIKE '%advisory_lock%' AND pid <> pg_backend_pid()
"""


def take_a_turn() -> None:
    db.wait_for_session_lock(db.AdvisoryLock.PREPARING)
    connection.close()


@pytest.mark.django_db
def test_the_first_admin_is_told_once_and_can_sign_in(client: Client) -> None:
    [first, _] = told("create_first_admin").splitlines()
    email, password = first.split()[4], first.split()[-1]
    assert told("create_first_admin") == ""
    admin = User.objects.get()
    assert admin.email == email
    assert admin.is_superuser
    assert admin.is_reviewer
    assert admin.is_trainer
    granted = AuditEntry.objects.get().details["granted"]
    assert granted == ["admin", "reviewer", "staff", "trainer"]
    response = client.post("/accounts/login/", {"login": email, "password": password})
    assert response.status_code == 302
    assert client.get("/review/").status_code == 200


@pytest.mark.django_db
def test_a_given_password_is_used_and_never_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MIEN_ADMIN_EMAIL", "Ada@Example.org")
    monkeypatch.setenv("MIEN_ADMIN_PASSWORD", "a long and quiet evening")
    assert told("create_first_admin") == "The first admin is ada@example.org.\n"
    assert User.objects.get().check_password("a long and quiet evening")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value"), [("MIEN_ADMIN_EMAIL", "ada"), ("MIEN_ADMIN_PASSWORD", "1234")]
)
def test_an_admin_that_cannot_be_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(CommandError, match="cannot be made"):
        told("create_first_admin")
    assert not User.objects.exists()


@pytest.mark.django_db
def test_the_model_that_ships_becomes_champion_and_only_once() -> None:
    assert told("register_champion") == ""
    assert told("register_champion") == ""
    assert ModelVersion.objects.get() == model_versions.current()


@pytest.mark.django_db
def test_a_checkout_without_a_model_says_so_and_goes_on(tmp_path: Path) -> None:
    assert "No model ships" in told("register_champion", tmp_path)
    assert model_versions.current() is None


@pytest.mark.django_db
def test_a_damaged_model_stops_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "base"
    shutil.copytree(ROOT / "models" / "base", folder)
    model = folder / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"!")
    with pytest.raises(CommandError, match="is damaged"):
        told("register_champion", folder)


def test_static_files_are_gathered_again_only_when_they_change(
    settings: Settings, tmp_path: Path
) -> None:
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATICFILES_DIRS = [tmp_path / "mine"]
    (tmp_path / "mine").mkdir()
    style = tmp_path / "mine" / "of-this-test.css"
    style.write_text("a {}")
    prepare.collect_static()
    gathered = settings.STATIC_ROOT / style.name
    assert gathered.read_text() == "a {}"
    gathered.unlink()
    prepare.collect_static()
    assert not gathered.exists()
    style.write_text("a { color: red }")
    prepare.collect_static()
    assert gathered.read_text() == "a { color: red }"
