"""How many files of ours a reader has to follow: for a photo, and for a given face all
the way into the model that serves.

    FACE_DETECTOR=… python -m tests.bench.files_followed

Plays both over the tests' own Postgres and Redis and counts the files on the path:
those with a function that is called below the view, the command or the task, outside
templates and logging; what runs while a module is imported does not count. A first
detection warms the site up. The child that trains and examines is counted apart.

Code is found by addresses and the names of commands, so that it may move.
"""

# ruff: noqa: E402 (Django is set up before anything of ours is imported)

import inspect
import logging
import os
import re
import sys
import tempfile
import time
from collections import defaultdict
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from celery import current_app, signals
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.test.utils import setup_test_environment
from django.urls import resolve

from labeling.models import TrainingRun
from tests.bench.parts.trail import entries, followed
from tests.support import training_data
from tests.support.factories import make_photo, make_user

KNOBS = ["network=vgg-tiny", "epochs=80", "rows=420"]
A_LOOK_LATER = 2.5  # seconds: a process that was idle loads the new champion at once


def main() -> None:
    setup_test_environment()
    logging.disable(logging.WARNING)
    call_command("migrate", verbosity=0)
    call_command("register_champion", verbosity=0)
    with tempfile.TemporaryDirectory() as name:
        child = Path(name) / "child"
        fer2013 = Path(name) / "fer2013.csv"
        training_data.fer2013(fer2013, train=420, public=140)
        settings.FER2013, settings.FERPLUS = fer2013, None
        stand_in = "tests.bench.parts.trail"  # for `python -m ml`
        settings.ML_COMMAND = [sys.executable, "-m", stand_in, str(child)]
        play()
        show("The child that trains and examines", set(child.read_text().split()))


def play() -> None:
    giver, photo = Client(), make_photo(29)
    detect_on_page(giver, photo)
    before = detect(giver, photo)
    with followed() as page:
        detect_on_page(giver, photo)
    show("A photo on the page", page)
    with followed() as api:
        detect(giver, photo)
    show("A photo over the API", api)
    with followed() as gift:
        make_it_serve(giver, before["faces"][0])
    time.sleep(A_LOOK_LATER)
    with followed() as served:
        after = detect(giver, photo)
    if after["model"] == before["model"]:
        sys.exit(TrainingRun.objects.get().message)
    show("A given face, from the form to the model that serves", gift | served - api)


def detect_on_page(client: Client, photo: bytes) -> None:
    file = BytesIO(photo)
    file.name = "drawn.jpg"
    ask(client, "/detect/", {"photo": file})


def detect(client: Client, photo: bytes) -> Any:
    kind = {"content_type": "image/jpeg"}
    return ask(client, "/api/v1/detect?crops=1", photo, **kind).json()


def make_it_serve(giver: Client, face: dict[str, str]) -> None:
    form = {"crop": face["crop"], "token": face["token"], "emotion": "happy"}
    form |= dict.fromkeys(("adult", "keep", "may_be_seen"), "on")
    ask(giver, "/contribute/give/", form)
    reviewer, voter = Client(), Client(REMOTE_ADDR="192.0.2.1")
    reviewer.force_login(make_user("rita", "reviewer", "trainer"))
    decide(reviewer, "screen")
    page = ask(voter, "/vote/", method="get").text
    ticket = found(r'name="ticket" value="([^"]+)"', page)
    ask(voter, "/vote/cast/", {"ticket": ticket, "choice": "happy"})
    decide(reviewer, "accept")
    retrain()


def decide(reviewer: Client, act: str) -> None:
    page = ask(reviewer, "/review/", method="get").text
    ask(reviewer, found("(/review/[^/]{36}/decide/)", page), {"act": act})


def retrain() -> None:
    """The command sends a task; there is no worker, so it is done here."""
    sent: list[tuple[str, Any]] = []

    @signals.before_task_publish.connect
    def hear(sender: str, body: Any, **_: Any) -> None:
        sent.append((sender, body[0]))

    how = {"preset": "quick", "start": "scratch", "set": KNOBS}
    call_command("retrain", **how, stdout=StringIO())
    current_app.loader.import_default_modules()
    name, ids = sent[0]
    task = current_app.tasks[name]
    entries.add((task.__module__, task.__name__))
    task.apply(ids, throw=True)


def ask(
    client: Client, address: str, *sent: Any, method: str = "post", **more: Any
) -> Any:
    """One request; its view is where the path begins."""
    view: Any = resolve(address.partition("?")[0]).func
    if hasattr(view, "cls"):  # the API wraps its functions into classes
        view = inspect.unwrap(getattr(view.cls, method))
    entries.add((view.__module__, view.__name__))
    answer = getattr(client, method)(address, *sent, **more)
    if answer.status_code >= 300:
        sys.exit(f"{address}: {answer.status_code} {answer.text[-2000:]}")
    return answer


def found(pattern: str, page: str) -> str:
    match = re.search(pattern, page)
    return match[1] if match else sys.exit(f"{pattern} is not in {page}")


def show(title: str, trail: set[str]) -> None:
    files = sorted(trail)
    print(f"\n{title}: {len(files)} files")
    folders = defaultdict(list)
    for file in files:
        folder, _, name = file.rpartition("/")
        folders[folder].append(name.removesuffix(".py"))
    for folder, names in folders.items():
        print(f"  {len(names):2} {folder:24} {' '.join(names)}", flush=True)


if __name__ == "__main__":
    main()
