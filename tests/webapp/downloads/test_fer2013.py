"""`manage.py fetch_fer2013`: by Kaggle's client, or one clear sentence why not."""

import hashlib
from pathlib import Path

import pytest

from tests.support import training_data
from tests.support.real_data import FERPLUS, needs_ferplus
from webapp.downloads import fer2013
from webapp.downloads.detector import NotFetched


def make_client(folder: Path, script: str) -> str:
    """A program that stands where Kaggle's client would."""
    client = folder / "kaggle-client"
    client.write_text(f"#!/bin/sh\n{script}\n")
    client.chmod(0o755)
    return str(client)


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAGGLE_USERNAME", "somebody")
    monkeypatch.setenv("KAGGLE_KEY", "a-key")


def test_without_the_client_it_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(NotFetched, match="pip install kaggle"):
        fer2013.fetch(tmp_path / "data", client="no-such-program")


def test_without_credentials_it_says_where_they_belong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path))
    client = make_client(tmp_path, "exit 0")
    with pytest.raises(NotFetched, match=r"no credentials .*kaggle\.json"):
        fer2013.fetch(tmp_path / "data", client=client)


@pytest.mark.usefixtures("credentials")
def test_what_the_client_says_is_passed_on(tmp_path: Path) -> None:
    client = make_client(tmp_path, "echo '403 - Forbidden' >&2; exit 1")
    with pytest.raises(NotFetched, match="says: 403 - Forbidden"):
        fer2013.fetch(tmp_path / "data", client=client)


@pytest.mark.usefixtures("credentials")
def test_a_file_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    csv = training_data.fer2013(tmp_path / "small.csv", train=7, public=1, private=1)
    client = make_client(tmp_path, f'cp {csv} "$8/fer2013.csv"')
    with pytest.raises(NotFetched, match="has 7 Training"):
        fer2013.fetch(tmp_path / "data", client=client)
    assert [f.name for f in (tmp_path / "data").iterdir()] == ["fer2013.csv"]


@needs_ferplus
def test_the_pinned_votes_are_the_known_ones() -> None:
    assert FERPLUS is not None
    found = hashlib.sha256(FERPLUS.read_bytes()).hexdigest()
    assert found == fer2013.VOTES_SHA256
