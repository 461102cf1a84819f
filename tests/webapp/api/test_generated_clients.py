"""A drill: clients that others' generators make of the API's description compile, and
go the whole way against a site; and redocly finds no fault in it.

It fetches the generators, so it runs by `make drill` alone (`GENERATED_CLIENTS=1`), and
says why where there is no node.
"""

import json
import os
import shutil
import subprocess
import venv
from pathlib import Path
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from labeling import accounts
from tests.support.factories import make_photo, make_user

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("champion", "data"),
    pytest.mark.skipif(
        not os.environ.get("GENERATED_CLIENTS"), reason="a drill: make drill runs it"
    ),
]
needs_node = pytest.mark.skipif(not shutil.which("npm"), reason="no node on PATH")

HERE = Path(__file__).with_name("generated_clients")
NODE_PACKAGES = (
    *("@redocly/cli@2", "openapi-typescript@7", "openapi-fetch@0.17"),
    *("typescript@5", "@types/node@20"),
)
COMPILER = (
    *("--strict", "--skipLibCheck", "--noUncheckedIndexedAccess"),
    *("--target", "es2022", "--module", "es2022", "--moduleResolution", "bundler"),
    *("--types", "node"),
)


@pytest.fixture
def data(settings: Any, tmp_path: Path) -> None:
    """Something to learn from, as far as asking for a run goes."""
    settings.FER2013 = tmp_path / "fer2013.csv"
    settings.FER2013.write_text("emotion,pixels,Usage\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "face.jpg").write_bytes(make_photo(29))
    schema = SchemaGenerator().get_schema(public=True)
    (tmp_path / "openapi.json").write_text(json.dumps(schema))
    return tmp_path


@pytest.fixture
def node(folder: Path) -> Path:
    """Where the generators for node are."""
    (folder / "package.json").write_text('{"type": "module"}')
    run(folder, "npm", "install", "--no-audit", "--no-fund", *NODE_PACKAGES)
    return folder / "node_modules" / ".bin"


@pytest.fixture
def env(live_server: Any) -> dict[str, str]:
    _token, secret = accounts.make_token(make_user("tom", "trainer"), name="client")
    return {**os.environ, "MIEN": live_server.url, "MIEN_TOKEN": secret}


def run(folder: Path, *program: str | Path, env: Any = None) -> str:
    done = subprocess.run(
        program, cwd=folder, env=env, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@needs_node
def test_redocly_finds_no_fault(folder: Path, node: Path) -> None:
    run(folder, node / "redocly", "lint", "openapi.json")


def test_a_python_client_goes_the_whole_way(folder: Path, env: dict[str, str]) -> None:
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    run(folder, python, "-m", "pip", "install", "-q", "openapi-python-client~=0.29.0")
    made = (folder / "venv/bin/openapi-python-client", "generate", "--meta", "none")
    made += ("--config", HERE / "openapi-python-client.yaml")
    said = run(folder, *made, "--path", "openapi.json", "--output-path", "mien_client")
    assert "Warning" not in said
    assert "Unable" not in said
    shutil.copy(HERE / "whole_way.py", folder)
    assert "whole way" in run(folder, python, "whole_way.py", "face.jpg", env=env)


@needs_node
def test_typescript_goes_the_whole_way(
    folder: Path, node: Path, env: dict[str, str]
) -> None:
    run(folder, node / "openapi-typescript", "openapi.json", "-o", "schema.d.ts")
    shutil.copy(HERE / "whole_way.ts", folder)
    run(folder, node / "tsc", *COMPILER, "whole_way.ts")
    assert "whole way" in run(folder, "node", "whole_way.js", "face.jpg", env=env)
