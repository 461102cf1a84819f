"""The examples of docs/api.md are run, as they stand, against a site."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache

from labeling import accounts
from labeling.models import Contribution
from tests.support import factories

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("champion"),
]

GUIDE = (Path(settings.BASE_DIR) / "docs/api.md").read_text()
SHELL = re.findall(r"```bash\n(.*?)```", GUIDE, re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


def run(program: list[str], text: str, folder: Path, **env: str) -> str:
    (folder / "face.jpg").write_bytes(factories.make_photo(29))
    done = subprocess.run(
        program,
        input=text,
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_guide_has_examples_of_both_kinds() -> None:
    assert len(SHELL) == 5
    assert len(PYTHON) == 2


@pytest.mark.parametrize("number", range(len(SHELL)))
def test_curl(live_server: Any, tmp_path: Path, number: int) -> None:
    said = run(["bash", "-eu"], SHELL[number], tmp_path, MIEN=live_server.url)
    assert '"error"' not in said
    assert '"tiny"' in said


def test_look_from_python(live_server: Any, tmp_path: Path) -> None:
    said = run([sys.executable, "-"], PYTHON[0], tmp_path, MIEN=live_server.url)
    assert re.fullmatch(r"\w+ \(\d+%\) at \[\d+, \d+, \d+, \d+\]\n", said)


def test_give_from_python(live_server: Any, tmp_path: Path) -> None:
    said = run([sys.executable, "-"], PYTHON[1], tmp_path, MIEN=live_server.url)
    assert re.match(r"waiting http\S+/withdraw/#\S+", said)
    cache.clear()  # an hour later: what this address gave is forgotten
    user = factories.make_user()
    _token, secret = accounts.make_token(user, name="guide")
    env = {"MIEN": live_server.url, "MIEN_TOKEN": secret}
    assert run([sys.executable, "-"], PYTHON[1], tmp_path, **env) == "waiting None\n"
    assert Contribution.objects.filter(giver=user).count() == 1


def test_every_code_of_the_guide_is_one_that_exists() -> None:
    from webapp.http.error_responses import IMAGE_ERRORS

    told = set(re.findall(r"`(\w+)`", GUIDE.split("## When it says no")[1]))
    assert told >= set(IMAGE_ERRORS)
