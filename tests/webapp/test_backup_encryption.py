"""What a key opens, and what is said where it does not."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from webapp import backup_encryption
from webapp.backup_encryption import KeyProblem

DUMP = b"PGDMP, and many faces " * 10_000
WHOLE, PUBLIC = backup_encryption.new_key()


@pytest.fixture
def locked(tmp_path: Path, settings: Settings) -> Path:
    settings.MIEN_DATA = tmp_path
    file = tmp_path / "mien.dump.age"
    with file.open("wb") as kept:
        backup_encryption.encrypt(io.BytesIO(DUMP), kept, PUBLIC)
    return file


def test_the_whole_key_opens_what_its_public_half_locked(locked: Path) -> None:
    assert b"faces" not in locked.read_bytes()
    with backup_encryption.opened(locked, f"# public key: …\n\n{WHOLE}\n") as plain:
        plain.seek(0)
        assert plain.read() == DUMP
        assert list(locked.parent.iterdir()) == [locked]  # the plain one has no name


def test_what_is_not_encrypted_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mien.dump").write_bytes(DUMP)
    with backup_encryption.opened(tmp_path / "mien.dump", "") as plain:
        plain.seek(0)
        assert plain.read() == DUMP


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "no BACKUP_KEY.*--key FILE"),
        (PUBLIC, "can only lock.*--key FILE"),
        (backup_encryption.new_key()[0], "encrypted with another.*--key FILE"),
        (f"{WHOLE[:-9]}", "no key of age"),
    ],
    ids=["none", "public", "another", "cut off"],
)
def test_a_lost_or_wrong_key_is_told_kindly(locked: Path, key: str, said: str) -> None:
    with (
        pytest.raises(KeyProblem, match=said) as told,
        backup_encryption.opened(locked, key),
    ):
        pass
    assert WHOLE[:-9] not in str(told.value)


@pytest.mark.parametrize("damage", [DUMP[:50], b""], ids=["more", "less"])
def test_a_damaged_one_is_not_blamed_on_the_key(locked: Path, damage: bytes) -> None:
    whole = locked.read_bytes()
    locked.write_bytes(whole[:100_000] + damage)
    with (
        pytest.raises(KeyProblem, match="damaged, or was not copied to its end"),
        backup_encryption.opened(locked, WHOLE),
    ):
        pass


@pytest.mark.parametrize("key", ["age1nonsense", "a long password"])
def test_what_is_no_key_locks_nothing(key: str) -> None:
    with pytest.raises(KeyProblem, match="no key of age"):
        backup_encryption.encrypt(io.BytesIO(DUMP), io.BytesIO(), key)


def test_a_new_key_is_its_owners_alone_and_replaces_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], locked: Path
) -> None:
    file = tmp_path / "key"
    call_command("backup_key", file)
    said = capsys.readouterr().out
    [_, whole] = file.read_text().splitlines()
    assert whole not in said
    assert file.stat().st_mode & 0o777 == 0o600
    public = said.splitlines()[0].removeprefix("BACKUP_KEY=")
    with locked.open("wb") as kept:
        backup_encryption.encrypt(io.BytesIO(DUMP), kept, public)
    with backup_encryption.opened(locked, file.read_text()):
        pass
    with pytest.raises(CommandError, match="No key was made"):
        call_command("backup_key", file)
    assert whole in file.read_text()
