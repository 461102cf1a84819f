"""The live page on the device where something is missing: each time a sentence."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_live_on_device import start, where
from tests.browser.test_live_view import stop
from tests.browser.test_photo_on_device import NO_STORAGE
from tests.support.real_data import needs_face_detector

pytestmark = [needs_face_detector, pytest.mark.usefixtures("champion", "engine_files")]

TAKEN = """
    navigator.mediaDevices.getUserMedia = () =>
      Promise.reject(new DOMException("in use", "NotReadableError"));
"""
NO_ROOM = """
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, moved) {
      if (message.act !== "glance") return post.call(this, message, moved);
      this.onmessage({ data: { id: message.id, why: "memory", message: "no room" } });
    };
"""
OLD_PHONE = """
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, moved) {
      const wait = message.act === "glance" ? 320 : 0;
      setTimeout(() => post.call(this, message, moved), wait);
    };
"""
HIDE = """
    (isHidden) => {
      const value = { value: isHidden, configurable: true };
      Object.defineProperty(document, "hidden", value);
      document.dispatchEvent(new Event("visibilitychange"));
    }
"""


def on(visit: Any, path: str, script: str) -> Page:
    page: Page = visit("/about/")
    page.add_init_script(script)
    page.goto(path)
    return page


@pytest.mark.parametrize("path", ["/", "/live/", "/booth/"])
def test_a_camera_that_another_program_holds(visit: Any, path: str) -> None:
    page = on(visit, path, TAKEN)
    if path == "/":
        page.get_by_role("button", name="Use the camera").click()
    else:
        page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("alert")).to_contain_text("Another program")


def test_a_device_whose_memory_is_short(visit: Any) -> None:
    page = on(visit, "/live/", NO_ROOM)
    start(page)
    where(page).to_contain_text("too little memory")
    where(page).to_contain_text("sent to this site")


def test_a_private_window_that_keeps_nothing(visit: Any) -> None:
    page = on(visit, "/live/", NO_STORAGE)
    start(page)
    where(page).to_contain_text("none is sent")
    stop(page)
    expect(page.get_by_text("no room to keep this session")).to_be_visible()


def test_an_old_phone_at_three_frames_a_second(visit: Any) -> None:
    page = on(visit, "/live/", OLD_PHONE)
    start(page)
    status = page.locator("[data-status]")
    expect(status).to_contain_text("This device is slow", timeout=60_000)
    where(page).to_contain_text("none is sent")
    stop(page)


def test_a_tab_that_is_hidden(visit: Any) -> None:
    page = visit("/live/")
    start(page)
    page.evaluate(HIDE, True)
    status = page.locator("[data-status]")
    expect(status).to_contain_text("Resting")
    looks = page.locator("[data-live]").get_attribute("data-timing")
    page.wait_for_timeout(500)
    assert page.locator("[data-live]").get_attribute("data-timing") == looks
    page.evaluate(HIDE, False)
    expect(status).to_contain_text("times a second")
