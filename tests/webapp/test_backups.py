"""Backup and restore with Postgres' own programs; what was withdrawn stays so."""

from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from labeling import accounts
from labeling.contributions import withdrawals
from labeling.models import AuditEntry, Contribution, User, Withdrawal
from tests.support.factories import make_contribution, make_user
from webapp import backups

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def data(settings: Settings, tmp_path: Path) -> Path:
    """Where this test's log of withdrawals lies."""
    settings.MIEN_DATA = tmp_path / "data"
    settings.MIEN_DATA.mkdir()
    # Threads of earlier tests may have left connections to this worker's database.
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and usename = current_user"
            " and pid <> pg_backend_pid()"
        )
    return tmp_path


def databases() -> set[str]:
    parameters = connection.get_connection_params()
    with (
        closing(
            psycopg2.connect(host=parameters["host"], user="mien", dbname="postgres")
        ) as server,
        server.cursor() as cursor,
    ):
        # Those that other tests make in other processes come and go meanwhile.
        own = parameters["dbname"]
        cursor.execute(
            "select datname from pg_database"
            " where datname = %s or starts_with(datname, %s)",
            [own, f"{own}_"],
        )
        return {name for (name,) in cursor.fetchall()}


def test_a_backup_brings_back_what_was_there(data: Path) -> None:
    face = make_contribution()
    jpeg = bytes(face.crop.jpeg)
    dump = data / "backups" / "mien.dump"
    backups.dump(dump)
    before = databases()
    make_user()
    Contribution.objects.all().delete()
    assert backups.restore(dump) == (0, 0)
    assert bytes(Contribution.objects.get(pk=face.pk).crop.jpeg) == jpeg
    assert databases() == before


def test_what_was_done_since_a_backup_stays_on_record(data: Path) -> None:
    boss, ada = make_user("boss", is_superuser=True), make_user("ada")
    accounts.change_rights(ada, {"active", "staff"}, by=boss)
    backups.dump(data / "mien.dump")
    accounts.change_rights(ada, {"active", "staff", "admin"}, by=boss)
    backups.restore(data / "mien.dump")
    assert not User.objects.get(pk=ada.pk).is_superuser
    acts = AuditEntry.objects.order_by("at").values_list("act", flat=True)
    assert list(acts) == ["rights", "backup", "rights", "restore"]
    files = AuditEntry.objects.filter(act__in=["backup", "restore"])
    assert {entry.details["file"] for entry in files} == {"mien.dump"}


def test_a_site_can_be_backed_up_before_it_knows_of_an_audit_log(data: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("alter table labeling_auditentry rename to not_there_yet")
        try:
            backups.dump(data / "mien.dump")
        finally:
            cursor.execute("alter table not_there_yet rename to labeling_auditentry")
    assert (data / "mien.dump").stat().st_size
    assert not AuditEntry.objects.exists()


def test_a_backup_that_failed_is_not_on_record(data: Path) -> None:
    (data / "mien.dump").mkdir()  # in the way
    with pytest.raises(OSError):
        backups.dump(data / "mien.dump")
    assert not AuditEntry.objects.exists()


def test_a_backup_is_its_owners_alone(data: Path) -> None:
    dump = data / "backups" / "mien.dump"
    backups.dump(dump)
    assert dump.stat().st_mode & 0o777 == 0o600
    assert dump.parent.stat().st_mode & 0o777 == 0o700
    assert {file.name for file in dump.parent.iterdir()} == {
        "mien.dump",
        backups.LOG_NAME,
    }


def test_a_face_that_was_withdrawn_since_is_not_brought_back(data: Path) -> None:
    gone, kept = make_contribution(), make_contribution()
    backups.dump(data / "mien.dump")
    withdrawals.withdraw(gone)
    assert backups.restore(data / "mien.dump") == (1, 0)
    assert list(Contribution.objects.all()) == [kept]
    assert Withdrawal.objects.filter(pk=gone.pk).exists()


def test_the_log_speaks_where_the_database_was_lost(data: Path) -> None:
    face = make_contribution()
    backups.dump(data / "mien.dump")
    withdrawals.withdraw(face)
    Withdrawal.objects.all().delete()  # A new machine: an empty database, and the log.
    assert backups.restore(data / "mien.dump") == (1, 0)
    assert not Contribution.objects.exists()


def test_a_later_backups_log_speaks_for_an_older_dump(data: Path) -> None:
    face = make_contribution()
    backups.dump(data / "old.dump")
    withdrawals.withdraw(face)
    backups.dump(data / "new.dump")
    Withdrawal.objects.all().delete()
    (data / "data" / "withdrawals.log").unlink()
    assert backups.restore(data / "old.dump") == (1, 0)
    assert not Contribution.objects.exists()


def test_who_was_signed_in_is_not_in_a_backup(data: Path) -> None:
    backups.dump(data / "mien.dump")
    backups._run("pg_restore", f"--file={data / 'sql'}", str(data / "mien.dump"))
    told = (data / "sql").read_text()
    assert "COPY public.labeling_user" in told
    assert "COPY public.django_session" not in told
    assert "COPY public.labeling_session" not in told


def test_a_file_that_is_no_dump_changes_nothing(data: Path) -> None:
    user, before = make_user(), databases()
    (data / "mien.dump").write_text("no dump")
    with pytest.raises(CommandError, match="Nothing was restored"):
        call_command("restore", data / "mien.dump")
    assert User.objects.filter(pk=user.pk).exists()
    assert databases() == before


def test_a_file_that_is_not_there_is_named(data: Path) -> None:
    with pytest.raises(CommandError, match="There is no file"):
        call_command("restore", data / "none.dump")


def test_a_database_in_use_is_left_alone(data: Path) -> None:
    backups.dump(data / "mien.dump")
    before = databases()
    parameters = connection.get_connection_params()
    with (
        closing(
            psycopg2.connect(
                host=parameters["host"], user="mien", dbname=parameters["dbname"]
            )
        ),
        pytest.raises(CommandError, match="stop the site"),
    ):
        call_command("restore", data / "mien.dump")
    assert databases() == before
