"""The booth: seven expressions before the camera, given with one consent."""

import re
from pathlib import Path
from typing import Any

import cv2
import pytest
from playwright.sync_api import Page, Route, expect

from labeling.models import Contribution
from tests.browser.axe import faults

pytestmark = pytest.mark.usefixtures("champion")


def start(page: Page) -> None:
    page.get_by_role("button", name="Start").click()
    expect(page.locator("[data-share]")).to_contain_text("%")


def take(page: Page, emotion: str) -> None:
    task = page.locator("#task-title")
    expect(task).to_contain_text(emotion)
    page.get_by_role("button", name="Take the picture").click()
    # The next one is asked for; two pictures of a clip may be the same.
    asked = task.filter(has_text=emotion).filter(visible=True)
    expect(asked).to_have_count(0)
    expect(page.locator(f"[data-slot={emotion}] img")).to_be_visible()


def test_from_the_first_face_to_the_strip_and_the_private_link(visit: Any) -> None:
    page = visit("/booth/", reduced_motion="reduce")
    start(page)
    expect(page.locator("#task-title")).to_be_focused()
    assert faults(page) == []
    take(page, "angry")
    for _skipped in range(6):
        page.get_by_role("button", name="Skip").click()
    expect(page.get_by_role("heading", name="May Mien learn")).to_be_focused()
    assert page.evaluate("document.querySelector('video').srcObject") is None
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the strip").click()
    assert cv2.imread(str(Path(saved.value.path()))).shape == (364, 304, 3)
    page.locator("[name=agree]").check()
    assert faults(page) == []
    page.get_by_role("button", name="Give this face").click()
    expect(page.get_by_role("textbox", name="Your private link")).to_have_value(
        re.compile(r"/withdraw/#[\w-]+$")
    )
    expect(page.get_by_role("heading", name="Thank you")).to_be_focused()
    assert faults(page) == []
    assert Contribution.objects.get().emotion == "angry"


def test_a_face_that_is_refused_says_why_and_is_taken_again(visit: Any) -> None:
    page = visit("/booth/")

    def spoil(route: Route) -> None:
        response = route.fetch()
        seen = response.json()
        seen["faces"][0]["token"] += "x"
        route.fulfill(response=response, json=seen)

    page.route("**/detect?crops=1", spoil)
    start(page)
    take(page, "angry")
    page.locator("[name=agree]").check()
    page.get_by_role("button", name="Give this face").click()
    expect(page.get_by_role("alert").last).to_contain_text("do not belong together")
    visit.errors.clear()  # htmx complains of the status
    page.unroute("**/detect?crops=1")
    page.locator("[data-retake=angry]").click()
    take(page, "angry")
    page.get_by_role("button", name="Give this face").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert Contribution.objects.get().emotion == "angry"


def test_on_a_phone_nothing_stands_out_sideways(visit: Any) -> None:
    page = visit("/booth/", phone=True)
    start(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_in_the_cameras_dialog_the_close_button_stays_in_its_row(visit: Any) -> None:
    page = visit("/contribute/", phone=True)
    page.get_by_role("button", name="Use the camera").click()
    dialog = page.get_by_role("dialog")
    shoot = dialog.get_by_role("button", name="Take the picture")
    expect(shoot).to_be_visible()
    rows = [
        button.bounding_box()["y"] + button.bounding_box()["height"] / 2
        for button in (shoot, dialog.get_by_role("button", name="Close").last)
    ]
    assert rows[0] == pytest.approx(rows[1], abs=1)
