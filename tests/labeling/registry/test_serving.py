"""Ten promotions under load, with two real web processes: no request fails, none is
answered by half of one model and half of another."""

import http.client
import json
import socket
import subprocess
import sys
import time
from collections import defaultdict

import pytest

from labeling.models import Promotion
from labeling.registry import model_versions, serving
from tests.support import tiny_model
from tests.support.concurrency import meanwhile
from tests.support.factories import make_photo

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PATIENCE = 150
MODELS = 3


class Busy(Exception):
    """More clients than the machine has time for: a polite answer, and no model's."""


@pytest.fixture
def versions(tmp_path):
    serving.forget()
    folders = [tmp_path / f"v{number}" for number in range(MODELS)]
    for number, folder in enumerate(folders):
        tiny_model.make_artefact(folder, name=folder.name, knows=2 * number + 1)
    yield [model_versions.register_shipped(folder) for folder in folders]
    serving.forget()


@pytest.fixture
def port(site_env, versions, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    environment = {**site_env, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    environment |= {"WEB_PROCESSES": "2", "WEB_THREADS": "4", "DETECT_RATE": ""}
    environment |= {"PORT": str(number)}
    command = [sys.executable, "-m", "deploy.supervisor", "--only", "web"]
    with (tmp_path / "site.log").open("wb") as log:
        site = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        wait_for(lambda: serves(number))
        yield number
        site.terminate()
        site.wait(PATIENCE)


def serves(port):
    try:
        return look(port)["model"]
    except (OSError, Busy):
        return None


def test_ten_promotions_under_load(versions, port):
    answers, failures = defaultdict(set), []
    latest = {}

    def client(number):
        try:
            said = look(port)
        except Busy:  # other tests run at the same time; one tries again
            time.sleep(0.3)
            return
        except (OSError, AssertionError, http.client.HTTPException) as problem:
            failures.append(problem)
            return
        answers[said["model"]].add(json.dumps(said["faces"], sort_keys=True))
        latest[number] = said["model"]

    with meanwhile(client, 3):
        for number in range(10):
            promoted = versions[(number + 1) % MODELS]
            model_versions.promote(promoted, kind=Promotion.Kind.OVERRIDE)
            wait_for(lambda: all(latest.get(n) == promoted.name for n in range(3)))  # noqa: B023
    assert failures == []
    assert set(answers) == {version.name for version in versions}
    # One photo: a model says the same of it every time, and each model something else.
    assert all(len(said) == 1 for said in answers.values())
    assert len({faces for said in answers.values() for faces in said}) == MODELS


def look(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        headers = {"Content-Type": "image/jpeg"}
        connection.request("POST", "/api/v1/detect", make_photo(29), headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 503 and json.loads(body)["error"]["code"] == "busy":
            raise Busy
        assert answer.status == 200, body
        return json.loads(body)
    finally:
        connection.close()


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
