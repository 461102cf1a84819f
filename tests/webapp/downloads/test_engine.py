"""npm comes from PATH; here a script of our own stands for it."""

import os
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from webapp.downloads import engine

MADE = "\n".join(
    f"echo {name} > node_modules/onnxruntime-web/dist/{name}" for name in engine.FILES
)
WORKS = f"#!/bin/sh\nmkdir -p node_modules/onnxruntime-web/dist\n{MADE}\n"
FROM_FOLDERS = "django.contrib.staticfiles.finders.FileSystemFinder"
FAILS = "#!/bin/sh\necho no such registry >&2\nexit 1\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(engine, "FOLDER", tmp_path / "engine")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return tmp_path / "engine"


def put_npm(folder: Path, script: str) -> None:
    npm = folder.parent / "npm"
    npm.write_text(script)
    npm.chmod(0o755)


def test_what_browsers_need_is_kept_and_nothing_else(folder: Path) -> None:
    put_npm(folder, WORKS)
    assert not engine.is_whole()
    engine.fetch()
    assert engine.is_whole()
    assert {file.name for file in folder.iterdir()} == {*engine.FILES, ".made"}


def test_it_is_served_as_soon_as_it_is_there(folder: Path, settings: Any) -> None:
    settings.STATICFILES_FINDERS = [FROM_FOLDERS]
    settings.STATICFILES_DIRS = [folder.parent]
    settings.STATIC_ROOT = folder.parent / "collected"
    put_npm(folder, WORKS)
    assert not engine.is_served()
    engine.fetch()
    assert engine.is_served()


def test_another_version_is_fetched_anew(folder: Path) -> None:
    put_npm(folder, WORKS)
    engine.fetch()
    (folder / ".made").write_text("of another lock")
    assert not engine.is_whole()
    call_command("fetch_engine", stdout=StringIO())
    assert engine.is_whole()


def test_where_it_cannot_be_had_that_is_said_and_what_was_there_stays(
    folder: Path,
) -> None:
    put_npm(folder, WORKS)
    engine.fetch()
    (folder / ".made").write_text("of another lock")
    put_npm(folder, FAILS)
    said = StringIO()
    call_command("fetch_engine", stderr=said)
    assert "no such registry" in said.getvalue()
    assert "live pictures go to the site" in said.getvalue()
    assert (folder / engine.WASM).is_file()
