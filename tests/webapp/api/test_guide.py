"""The examples of docs/api.md and docs/recipes.md are run, as they stand."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from labeling import accounts
from labeling.models import Contribution, ModelVersion, TrainingRun, User, Vote
from tests.support import factories
from webapp.api import errors
from webapp.http.error_responses import IMAGE_ERRORS

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("champion", "data"),
]

DOCS = Path(settings.BASE_DIR) / "docs"
GUIDE = (DOCS / "api.md").read_text()
RECIPES = (DOCS / "recipes.md").read_text()
SHELL = re.findall(r"```bash\n(.*?)```", GUIDE, re.DOTALL)
DONE = {"status": "done", "progress": 1}


def program(text: str, heading: str) -> str:
    """The one in Python under a heading."""
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    (found,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    return str(found)


@pytest.fixture
def data(settings: Any, tmp_path: Path) -> None:
    """Something to learn from, as far as asking for a run goes."""
    settings.FER2013 = tmp_path / "fer2013.csv"
    settings.FER2013.write_text("emotion,pixels,Usage\n")


@pytest.fixture
def user() -> User:
    return factories.make_user("ada", "reviewer", "trainer")


@pytest.fixture
def env(live_server: Any, user: User) -> Iterator[dict[str, str]]:
    _token, secret = accounts.make_token(user, name="guide")
    yield {"MIEN": live_server.url, "MIEN_TOKEN": secret}


def run(started: list[str], text: str, folder: Path, env: dict[str, str]) -> str:
    (folder / "face.jpg").write_bytes(factories.make_photo(29))
    (folder / "no-photo.txt").write_text("no photo")
    done = subprocess.run(
        started,
        input=text,
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def python(text: str, folder: Path, env: dict[str, str]) -> str:
    return run([sys.executable, "-"], text, folder, env)


def shown_face(**fields: Any) -> Contribution:
    return factories.make_contribution(
        may_be_seen=True, screened_at=timezone.now(), **fields
    )


@pytest.mark.parametrize("number", range(len(SHELL)))
def test_shell(tmp_path: Path, env: dict[str, str], number: int) -> None:
    said = run(["bash", "-eu"], SHELL[number], tmp_path, env)
    assert said.startswith("{")
    assert '"error"' not in said


def test_each_part_of_the_guide_has_an_example() -> None:
    assert len(SHELL) == 9


def test_many_photos(tmp_path: Path, env: dict[str, str]) -> None:
    said = python(program(GUIDE, "Look at many photos"), tmp_path, env).splitlines()
    assert re.fullmatch(r"face.jpg: \w+ \(\d+%\) at \[\d+, \d+, \d+, \d+\]", said[0])
    assert "isn't a picture" in said[1]


def test_give_a_face(tmp_path: Path, env: dict[str, str], user: User) -> None:
    text = program(GUIDE, "Give a face")
    said = python(text, tmp_path, {"MIEN": env["MIEN"]})
    assert re.match(r"waiting http\S+/withdraw/#\S+", said)
    cache.clear()  # an hour later: what this address gave is forgotten
    assert python(text, tmp_path, env) == "waiting None\n"
    assert Contribution.objects.filter(giver=user).count() == 1


def test_ones_own_faces(tmp_path: Path, env: dict[str, str], user: User) -> None:
    face = factories.make_contribution(giver=user)
    text = program(GUIDE, "Your faces, and taking them back")
    assert python(text, tmp_path, env) == f"['{face.pk}']\n"
    assert not Contribution.objects.exists()


def test_vote(tmp_path: Path, env: dict[str, str], user: User) -> None:
    shown_face()
    said = python(program(GUIDE, "Vote"), tmp_path, env)
    assert "'giver': 'happy'" in said
    assert Vote.objects.get().voter == user
    assert (tmp_path / "shown.jpg").read_bytes().startswith(b"\xff\xd8")


def test_retrain_every_night(tmp_path: Path, env: dict[str, str]) -> None:
    """With somebody who does in a moment what a worker does in an hour."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.1):
            TrainingRun.objects.filter(status="queued").update(**DONE)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        text = program(RECIPES, "Retrain every night")
        said = python(text, tmp_path, {**env, "EVERY": "0.2"})
        assert said == "done None None\n"
        assert python(text, tmp_path, {**env, "EVERY": "0.2"}) == said
    finally:
        over.set()
        worker.join()
    assert TrainingRun.objects.count() == 1


def test_export_every_night(
    tmp_path: Path, env: dict[str, str], champion: ModelVersion
) -> None:
    text = program(RECIPES, "Export the model every night")
    said = python(text, tmp_path, env)
    assert f"models/{champion.name}/model.onnx" in said
    assert python(text, tmp_path, env) == ""


def test_a_bot_reviews(tmp_path: Path, env: dict[str, str], user: User) -> None:
    sure = dict.fromkeys(
        ("angry", "disgust", "fear", "sad", "surprise", "neutral"), 0.01
    )
    model = {"model_emotion": "happy", "model_probabilities": {**sure, "happy": 0.94}}
    agreed = shown_face(**model, vote_count=3, agreement=1)
    shown_face(**model, vote_count=3, agreement=0.6)
    shown_face()
    said = python(program(RECIPES, "A bot that reviews by rule"), tmp_path, env)
    assert said == "1 accepted, left: {}\n"
    accepted = Contribution.objects.accepted().get()
    assert accepted == agreed
    assert accepted.reviews.get().by == user


def test_every_code_of_the_guide_is_one_that_exists() -> None:
    table = GUIDE.split("## When it says no")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| (.*?) \|", table, re.MULTILINE)
    told = {code: int(s) for s, row in rows for code in re.findall(r"`(\w+)`", row)}
    assert told.keys() >= set(IMAGE_ERRORS)
    assert {code: errors.STATUS.get(code) for code in told} == told
