from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.browser.conftest import Visit
from tests.support.fake_camera import launch

pytestmark = pytest.mark.usefixtures("champion")

IS_OFF = "document.querySelector('video').srcObject === null"


def open_camera(page: Page) -> None:
    page.get_by_role("button", name="Use the camera").click()


def test_a_snapshot_goes_the_way_of_a_photo(visit: Any) -> None:
    page = visit("/")
    open_camera(page)
    expect(page.locator("video")).to_be_visible()
    page.get_by_label("3 seconds").uncheck()
    page.get_by_role("button", name="Take the picture").click()
    expect(page.locator("[data-result]")).to_have_count(1)
    expect(page.locator("dialog")).not_to_be_visible()
    page.wait_for_function(IS_OFF)


def test_the_countdown_counts(visit: Any) -> None:
    page = visit("/")
    open_camera(page)
    page.get_by_role("button", name="Take the picture").click()
    expect(page.locator("[data-camera-count]")).to_have_text("2")
    expect(page.locator("[data-result]")).to_have_count(1)


def test_closing_stops_camera_and_countdown(visit: Any) -> None:
    page = visit("/")
    page.clock.install()
    open_camera(page)
    page.get_by_role("button", name="Take the picture").click()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).not_to_be_visible()
    page.wait_for_function(IS_OFF)
    page.clock.run_for(3500)
    assert page.locator(".result").count() == 0


def test_the_view_is_mirrored_and_the_camera_can_be_switched(visit: Any) -> None:
    page = visit("/")
    open_camera(page)
    expect(page.locator("video")).to_have_class("is-mirrored")
    page.get_by_role("button", name="Mirror view").click()
    expect(page.locator("video")).not_to_have_class("is-mirrored")
    page.get_by_role("button", name="Front or back camera").click()
    expect(page.locator("video")).to_be_visible()


def test_it_is_explained_before_it_is_asked_for_and_a_no_is_respected(
    visit: Any,
) -> None:
    page = visit("/", permissions=[])
    open_camera(page)
    expect(page.get_by_text("Your browser will ask")).to_be_visible()
    page.get_by_role("button", name="Turn the camera on").click()
    expect(page.get_by_role("alert")).to_contain_text("may not use the camera")
    page.get_by_role("button", name="Not now").click()
    expect(page.locator("dialog")).not_to_be_visible()


@pytest.mark.parametrize("path", ["/", "/live/"])
def test_a_missing_camera_is_said(
    playwright: Playwright, live_server: Any, path: str
) -> None:
    browser = launch(playwright)
    page = Visit(browser, live_server.url)(path)
    if path == "/":
        open_camera(page)
    else:
        page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("alert")).to_contain_text("No camera was found")
    browser.close()
