"""A real Chromium on a real server, with a camera that plays a clip made here.

visit("/live/")           a page on the test's server, phone-sized with phone=True
visit.errors              what its console complained of; must be empty at the end
"""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    sync_playwright,
)

from labeling.models import ModelVersion
from labeling.registry import model_versions, serving
from tests.support import factories
from tests.support.fake_camera import CHROMIUM, launch, photographed, shoot, with_camera
from tests.support.made_once import made_once
from tests.support.real_data import FACE_DETECTOR
from tests.support.supervised_site import until
from webapp.downloads import engine

# Playwright's own event loop runs in this thread, and Django would mind.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" not in item.path.as_posix():
            continue
        item.add_marker(pytest.mark.browser)
        item.add_marker(pytest.mark.django_db(transaction=True))
        if not CHROMIUM:
            item.add_marker(pytest.mark.skip(reason="no chromium on PATH"))


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shoot(tmp_path_factory.mktemp("camera") / "clip.mjpeg", photographed())


@pytest.fixture(scope="session")
def chromium(playwright: Playwright, clip: Path) -> Iterator[Browser]:
    browser = launch(playwright, *with_camera(clip))
    yield browser
    browser.close()


class Visit:
    """Opens pages; afterwards no page may have complained or asked another site."""

    def __init__(self, browser: Browser, server: str) -> None:
        self.browser, self.server = browser, server
        self.contexts: list[BrowserContext] = []
        self.errors: list[str] = []

    def __call__(self, path: str, *, phone: bool = False, **options: Any) -> Page:
        options.setdefault("permissions", ["camera", "clipboard-write"])
        context = self.browser.new_context(
            base_url=self.server, viewport=PHONE if phone else WIDE, **options
        )
        context.set_default_timeout(30_000)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._asked)
        page.goto(path)
        return page

    def _heard(self, message: Any) -> None:
        is_status = "Failed to load resource" in message.text  # tests look at those
        if message.type == "error" and not is_status:
            self.errors.append(message.text)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.server, "data:", "blob:")):
            self.errors.append(f"asked {request.url}")


@pytest.fixture(scope="session")
def at_work() -> set[int]:
    """The threads of the test's server that have not answered yet."""
    threads: set[int] = set()

    def began(**_: Any) -> None:
        if threading.current_thread() is not threading.main_thread():
            threads.add(threading.get_ident())

    def ended(**_: Any) -> None:
        threads.discard(threading.get_ident())

    request_started.connect(began, weak=False)
    request_finished.connect(ended, weak=False)
    return threads


@pytest.fixture
def visit(chromium: Browser, live_server: Any, at_work: set[int]) -> Iterator[Visit]:
    visit = Visit(chromium, live_server.url)
    yield visit
    for context in visit.contexts:
        context.close()
    # Who is still at work would keep the database from being emptied.
    until(lambda: not at_work)
    assert visit.errors == []


@pytest.fixture
def shipped(db: None, settings: Any) -> Iterator[ModelVersion]:
    """The champion that comes with Mien, with YuNet where it is at hand."""
    settings.FACE_DETECTOR = FACE_DETECTOR
    serving.forget()
    yield model_versions.register_shipped(Path(settings.MODELS_DIR) / "base")
    serving.forget()


@pytest.fixture(scope="session")
def engine_files() -> None:
    """What a browser needs to look by itself."""
    try:
        made_once("engine", lambda _folder: engine.is_whole() or engine.fetch())
    except engine.NotFetched as why:
        pytest.skip(f"the engine could not be fetched: {why}")


@pytest.fixture
def photo_file(tmp_path: Path) -> Any:
    """`photo_file(29, 2)`: a file with drawn faces, for a form."""

    def write(*faces: int) -> str:
        path = tmp_path / f"photo-{'-'.join(map(str, faces))}.jpg"
        path.write_bytes(factories.make_photo(*faces))
        return str(path)

    return write
