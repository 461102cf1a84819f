"""Backup and restore with Postgres' own programs; what was withdrawn stays so."""

import os
import resource
import shutil
import time
from contextlib import closing
from io import StringIO
from pathlib import Path
from uuid import UUID, uuid4

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from labeling import accounts, audit, face_vectors
from labeling.contributions import (
    consent,
    erasure,
    face_reports,
    offers,
    withdrawal_log,
    withdrawals,
)
from labeling.models import (
    AuditEntry,
    Contribution,
    FaceVector,
    RemovedPicture,
    SiteRecord,
    User,
    Withdrawal,
)
from ml.vision.near_duplicates import signature
from tests.support.factories import make_contribution, make_face, make_user
from webapp import backup_encryption, backups, postgres_clients
from webapp.presenters import contribution
from workers import tasks

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def data(settings: Settings, tmp_path: Path) -> Path:
    """Where this test's log of withdrawals lies."""
    settings.MIEN_DATA = tmp_path / "data"
    settings.MIEN_DATA.mkdir()
    settings.WITHDRAWAL_LOG_COPY = tmp_path / "second" / "withdrawals.log"
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
    face = make_contribution(signature=signature(make_face(1)))
    face_vectors.add_missing(1)
    jpeg = bytes(face.crop.jpeg)
    dump = data / "backups" / "mien.dump"
    backups.dump(dump)
    before = databases()
    make_user()
    Contribution.objects.all().delete()
    assert backups.restore(dump) == (0, 0)
    assert bytes(Contribution.objects.get(pk=face.pk).crop.jpeg) == jpeg
    assert FaceVector.objects.get().pk == face.pk and face_vectors.are_ready()
    assert databases() == before
    with connection.cursor() as cursor:  # A new database, with the rights of the old.
        cursor.execute(erasure.MAY_DROP_JOURNAL)
        assert cursor.fetchone() == (True,)


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


def test_a_picture_that_was_removed_since_a_backup_stays_out(data: Path) -> None:
    face = make_contribution(may_be_seen=True, screened_at=timezone.now())
    backups.dump(data / "mien.dump")
    reported = face_reports.report(face, "abuse")
    face_reports.remove(reported, by=make_user("rita", "reviewer"))
    backups.restore(data / "mien.dump")
    assert RemovedPicture.objects.count() == 1


def test_a_database_of_an_earlier_version_is_called_so(data: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("alter table labeling_auditentry rename to not_there_yet")
        try:
            with pytest.raises(backups.Failed, match="earlier version"):
                backups.dump(data / "mien.dump")
        finally:
            cursor.execute("alter table not_there_yet rename to labeling_auditentry")


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


# --- where the newest log is not to be seen


@pytest.fixture
def lost(data: Path) -> Contribution:
    """A site with two faces is dumped; one, this, is withdrawn; then its database is
    lost, and another site's is where it was."""
    gone = make_contribution(status="accepted")
    make_contribution(
        status="accepted",
        may_be_seen=True,
        screened_at=timezone.now(),
        giver=make_user("giver"),
    )
    withdrawal_log.begin()
    backups.dump(data / "mien.dump")
    withdrawals.withdraw(gone)
    Contribution.objects.all().delete()
    Withdrawal.objects.all().delete()
    SiteRecord.objects.update(key=uuid4())
    return gone


@pytest.fixture
def site_of_the_dump() -> UUID:
    return SiteRecord.get().key


def lose_logs() -> None:
    for place in withdrawal_log.places():
        place.unlink()


def test_a_log_that_heard_all_speaks_for_a_lost_database(
    data: Path, lost: Contribution
) -> None:
    withdrawal_log.path().unlink()  # The other one is apart from the database.
    assert backups.restore(data / "mien.dump") == (1, 0)
    assert Contribution.objects.get().status == Contribution.Status.ACCEPTED
    assert Withdrawal.objects.filter(pk=lost.pk).exists()


def test_without_the_newest_log_nothing_is_restored_and_it_says_what_is_in_doubt(
    data: Path, lost: Contribution
) -> None:
    lose_logs()
    before = databases()
    with pytest.raises(CommandError, match="made at .* of its 2 faces and 1 accounts"):
        call_command("restore", data / "mien.dump")
    assert not Contribution.objects.exists()
    assert databases() == before


def test_what_may_have_been_withdrawn_is_set_aside_until_its_giver_consents(
    data: Path, site_of_the_dump: UUID, lost: Contribution, client: Client
) -> None:
    lose_logs()
    here, said = SiteRecord.get().key, StringIO()
    call_command("restore", data / "mien.dump", accept_resurrection=True, stdout=said)
    assert "Set aside until their givers consent: 2 faces." in said.getvalue()
    assert AuditEntry.objects.get(act="restore").details["set_aside"]
    faces = Contribution.objects.all()
    for of_use in (faces.accepted(), faces.waiting(), faces.seeable()):
        assert not of_use.exists()
    client.force_login(make_user("rita", "reviewer"))
    for address in (f"/faces/{lost.pk}.jpg", f"/review/{lost.pk}/"):
        assert client.get(address).status_code == 404
    mine = faces.get(giver__isnull=False)
    assert "set aside" in contribution.summarise([mine])[0].sentence
    offers.change_consent(mine, consent.given())
    assert list(Contribution.objects.waiting()) == [mine]
    # What it knows now is not all, and it does not speak for that dump again.
    assert SiteRecord.get().key not in (here, site_of_the_dump)
    for place in withdrawal_log.places():
        assert not withdrawal_log.hears_all(place, site_of_the_dump)


def test_a_copy_of_the_log_that_was_put_back_is_not_taken_for_the_newest(
    data: Path,
) -> None:
    withdrawal_log.begin()
    withdrawals.withdraw(make_contribution())
    another = uuid4()
    assert backups._is_certain(another, None)
    for place in withdrawal_log.places():
        copy = Path(shutil.copy2(place, data / "copy"))
        place.unlink()
        shutil.copyfile(copy, place)  # As it happens, with the former's inode.
        os.utime(place, (copy.stat().st_mtime - 60, copy.stat().st_mtime - 60))
    assert not backups._is_certain(another, None)
    withdrawals.withdraw(make_contribution())  # It goes on from there.
    assert not backups._is_certain(another, None)
    shutil.copyfile(withdrawal_log.path(), data / "copy")
    # But somebody may know that nothing came after it.
    assert backups._is_certain(another, data / "copy")


def test_a_log_that_lacks_what_the_dump_knows_is_refused(data: Path) -> None:
    withdrawals.withdraw(make_contribution())
    (data / "empty").touch()
    with pytest.raises(backups.Failed, match="it lacks 1 withdrawals"):
        backups._is_certain(uuid4(), data / "empty")


def test_a_log_that_missed_a_withdrawal_no_longer_says_that_it_heard_all(
    data: Path,
) -> None:
    withdrawal_log.begin()
    site, [full, _] = SiteRecord.get().key, withdrawal_log.places()
    assert withdrawal_log.hears_all(full, site)
    face = make_contribution()
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (full.stat().st_size, usual[1]))
    try:
        withdrawals.withdraw(face)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert not any(withdrawal_log.hears_all(p, site) for p in withdrawal_log.places())
    withdrawal_log.begin()
    for place in withdrawal_log.places():
        assert withdrawal_log.hears_all(place, site)
        assert [line.id for line in withdrawal_log.read(place)] == [face.pk]


def test_dumps_are_kept_no_longer_than_the_settings_say(
    data: Path, settings: Settings
) -> None:
    settings.KEEP_BACKUPS_DAYS = 30
    for name, days in (("mien-1.dump", 31), ("mien-2.dump", 29), ("old.dump", 31)):
        (data / name).touch()
        moment = time.time() - days * 24 * 3600
        os.utime(data / name, (moment, moment))
    backups.dump(data / "mien.dump")
    kept = {file.name for file in data.glob("*.dump")}
    assert kept == {"mien-2.dump", "old.dump", "mien.dump"}


def test_an_encrypted_backup_comes_back_with_its_key_alone(
    data: Path, settings: Settings
) -> None:
    whole, settings.BACKUP_KEY = backup_encryption.new_key()
    (data / "key").write_text(whole)
    face = make_contribution()
    call_command("backup")
    [dump] = (data / "second").glob("mien-*.dump.age")
    assert dump.read_bytes().startswith(backup_encryption.HEADER)
    withdrawals.withdraw(face)
    kept, before = make_user(), databases()
    with pytest.raises(CommandError, match="stays closed: .* BACKUP_KEY can only lock"):
        call_command("restore", dump)
    assert User.objects.filter(pk=kept.pk).exists()
    assert databases() == before
    said = StringIO()
    call_command("restore", dump, key=data / "key", stdout=said)
    assert "did so since: 1 faces" in said.getvalue()
    assert not Contribution.objects.exists()
    settings.BACKUP_KEY = whole  # as a site may have it that restores by itself
    backups.restore(dump)
    assert not User.objects.filter(pk=kept.pk).exists()


def test_a_key_that_is_none_leaves_no_backup_behind(
    data: Path, settings: Settings
) -> None:
    settings.BACKUP_KEY = "a long password"
    with pytest.raises(CommandError, match="BACKUP_KEY does not fit: .*backup_key"):
        call_command("backup")
    assert list((data / "second").iterdir()) == []
    assert not AuditEntry.objects.exists()


def test_the_clock_makes_one_and_keeps_the_last_of_each_day(
    data: Path, settings: Settings
) -> None:
    earlier = data / "second" / f"mien-{timezone.now():%Y-%m-%d}-000000-nightly.dump"
    earlier.parent.mkdir()
    earlier.touch()
    tasks.back_up()
    [made] = (data / "second").glob("*.dump")
    assert made.name.endswith("-nightly.dump")
    assert made.stat().st_size
    assert audit.last(audit.Act.BACKED_UP)
    assert backups.restore(made) == (0, 0)


def test_who_was_signed_in_is_not_in_a_backup(data: Path) -> None:
    backups.dump(data / "mien.dump")
    postgres_clients.run("pg_restore", f"--file={data / 'sql'}", f"{data}/mien.dump")
    told = (data / "sql").read_text()
    assert "COPY public.labeling_user" in told
    assert "COPY public.django_session" not in told
    assert "COPY public.labeling_session" not in told


def test_a_dump_that_fails_leaves_nothing_behind(
    data: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BACKUP_KEY = backup_encryption.new_key()[1]
    monkeypatch.setattr(backups, "_name", lambda: "no_such_database")
    with pytest.raises(CommandError, match="pg_dump failed: .*no_such_database"):
        call_command("backup")
    assert list((data / "second").iterdir()) == []
    assert not AuditEntry.objects.exists()


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


def test_of_several_hosts_none_claims_that_its_own_log_hears_all(
    data: Path, settings: Settings
) -> None:
    withdrawal_log.begin()
    site, [own, shared] = SiteRecord.get().key, withdrawal_log.places()
    settings.WITHDRAWAL_LOG_IN_DATA = False
    withdrawal_log.begin()
    assert withdrawal_log.places() == [shared]
    assert not withdrawal_log.hears_all(own, site)
    assert withdrawal_log.hears_all(shared, site)
    settings.WITHDRAWAL_LOG_COPY_HEARS_ALL = False  # nobody said that it is shared
    assert withdrawal_log.places() == []
