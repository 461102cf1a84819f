"""A site that others reach, as a visitor meets it."""

from typing import Any

import pytest
from playwright.sync_api import expect
from pytest_django import Settings

from labeling.detection import notice
from labeling.models import Contribution
from tests.browser.axe import faults
from tests.support.public_site import STATED, open_to_the_public

pytestmark = pytest.mark.usefixtures("champion")


@pytest.fixture(autouse=True)
def public(settings: Settings) -> None:
    open_to_the_public(settings)


def test_a_visitor_reads_the_notice_once_and_by_keyboard(
    visit: Any, photo_file: Any
) -> None:
    page = visit("/", phone=True)
    yes = page.get_by_role("button", name="I have read this and am 16 or older")
    expect(page.get_by_text(STATED["CONTROLLER"])).to_be_visible()
    expect(page.locator("input[type=file], video")).to_have_count(0)
    assert faults(page) == []
    page.get_by_role("button", name="Drawn face 1").click()
    expect(page.get_by_text("We drew this face")).to_be_visible()
    page.go_back()
    yes.focus()
    with page.expect_event("load"):
        page.keyboard.press("Enter")
    page.locator("input[type=file]").set_input_files(photo_file(29))
    expect(page.get_by_text("Is this right?")).to_be_visible()
    page.goto("/live/")
    expect(page.get_by_role("button", name="Start")).to_be_visible()
    assert faults(page) == []


def test_a_giver_is_led_on_to_giving_and_the_face_keeps_the_notice(
    visit: Any, photo_file: Any
) -> None:
    page = visit("/contribute/")
    assert faults(page) == []
    with page.expect_event("load"):  # its script sends the photo
        page.get_by_role("button", name="I have read this").click()
    page.locator("input[type=file]").set_input_files(photo_file(29))
    page.locator("[name=agree]").check()
    page.get_by_role("button", name="Give this face").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert Contribution.objects.get().notice_version == notice.version()
