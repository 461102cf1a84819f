"""axe-core finds no serious fault on any page, in either theme."""

from typing import Any

import pytest
from axe_core_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Page, expect

from tests import make

pytestmark = pytest.mark.usefixtures("champion")

OPEN = [
    "/",
    "/live/",
    "/about/",
    "/privacy/",
    "/terms/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/nothing/",
    "/contribute/",
    "/withdraw/",
    "/vote/",
    "/data/",
    "/models/",
]
SIGNED_IN = ["/account/", "/accounts/2fa/", "/accounts/email/", "/my/"]
STAFF = ["/review/", "/training/"]


def faults(page: Page) -> list[str]:
    found = Axe().run(page)["violations"]
    return [
        f"{fault['id']}: {node['html'][:120]} {node['failureSummary']}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", OPEN)
def test_open_pages(visit: Any, path: str, theme: str) -> None:
    page = visit(path, color_scheme=theme, reduced_motion="reduce")
    assert faults(page) == []


@pytest.mark.parametrize("path", SIGNED_IN + STAFF)
def test_pages_behind_an_account(visit: Any, client: Client, path: str) -> None:
    client.force_login(make.make_user("ada", "reviewer", "trainer"))
    session = client.cookies["sessionid"].value
    page = visit("/about/", reduced_motion="reduce")
    cookie = {"name": "sessionid", "value": session, "url": visit.server}
    page.context.add_cookies([cookie])
    page.goto(path)
    assert page.url.endswith(path)
    assert faults(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_result_with_its_question(visit: Any, photo_file: Any, theme: str) -> None:
    page = visit("/", color_scheme=theme, reduced_motion="reduce")
    page.locator("#photo").set_input_files(photo_file(29, 2))
    expect(page.locator(".face-card")).to_have_count(2)
    assert faults(page) == []
    page.get_by_role("button", name="No", exact=True).first.click()
    expect(page.get_by_role("button", name="Give this face")).to_be_visible()
    assert faults(page) == []


def test_the_cameras_dialog(visit: Any) -> None:
    page = visit("/", permissions=[], reduced_motion="reduce")
    page.get_by_role("button", name="Use the camera").click()
    assert faults(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_live_session_and_its_summary(visit: Any, settings: Any, theme: str) -> None:
    settings.LIVE_RATE = None
    page = visit("/live/", color_scheme=theme, reduced_motion="reduce")
    page.get_by_role("button", name="Start").click()
    expect(page.locator("[data-status]")).to_contain_text("looks a second")
    page.wait_for_timeout(2500)
    assert faults(page) == []
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("[data-summary]")).to_be_visible()
    assert faults(page) == []
