"""Chromium's own log of its network: whatever page is opened, it talks to the site
alone, and no page breaks the policy that the site states."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Error, Page, Playwright

from tests.browser.conftest import Visit
from tests.security.access_table import Line, one_of_each
from tests.security.world import World
from tests.support.fake_camera import launch

# A page of each kind is enough of the admin: the others are made of the same parts.
OF_THE_ADMIN = (
    "admin/",
    "admin/labeling/user/<path:object_id>/change/",
    "admin/*/*/",
    "admin/*/*/<path:object_id>/change/",
)

# It is logged what is asked for; none of it leaves this machine.
NOTHING_ELSE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"


@pytest.fixture
def net_log(tmp_path: Path) -> Path:
    return tmp_path / "network.json"


@pytest.fixture
def logged(playwright: Playwright, net_log: Path) -> Iterator[Browser]:
    browser = launch(playwright, f"--log-net-log={net_log}", NOTHING_ELSE)
    yield browser
    browser.close()


@pytest.mark.usefixtures("champion")
def test_no_page_asks_anybody_else(
    logged: Browser, net_log: Path, live_server: Any
) -> None:
    world, server = World(), live_server.url
    visit, opened = Visit(logged, server), 0
    page = visit("/about/")
    pages = [(route, line) for route, line in one_of_each() if is_page(line)]
    for role in ("stranger", "admin"):
        if role == "admin":
            sign_in(page, world.client(role).cookies, server)
        for route, line in pages:
            if first_who_sees(line) == role:
                opened += open_page(page, world.url(route))
    assert visit.errors == []
    logged.close()
    asked = set(hosts(net_log))
    assert asked == {urlsplit(server).netloc}
    assert opened > 40


def first_who_sees(line: Line) -> str:
    """The admin's pages have more on them; he cannot sign in once more."""
    return next((who for who in ("admin", "stranger") if line.cells[who] == "200"), "")


def is_page(line: Line) -> bool:
    """A picture alone is shown in a page of Chromium's own."""
    if line.method != "GET" or line.by_token:
        return False
    if line.route.startswith("admin/"):
        return line.route in OF_THE_ADMIN
    return not line.route.endswith((".jpg", ".png", "/picture"))


def sign_in(page: Page, cookies: Any, server: str) -> None:
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": cookies[name].value, "url": server}
    page.context.add_cookies([cookie])


def open_page(page: Page, path: str) -> bool:
    try:
        page.goto(path)
    except Error as error:
        assert "Download is starting" in str(error)
    return True


def hosts(net_log: Path) -> Iterator[str]:
    """Of every request that a page began. Chromium asks its makers about itself too,
    for whatever page; those have no page as their initiator."""
    log = json.loads(net_log.read_text())
    begun = log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    for event in log["events"]:
        said = event.get("params", {})
        if event["type"] == begun and "url" in said:
            of_a_page = said["initiator"] != "not an origin"
            if of_a_page or "frame" in said["request_type"]:
                yield urlsplit(said["url"]).netloc
