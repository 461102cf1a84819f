"""A verdict: one click from Training, read at a glance, on a phone too."""

from playwright.sync_api import Page, expect

from tests.browser.axe import faults
from tests.browser.conftest import PHONE, Visit
from tests.browser.test_desk import signed_in
from tests.support.exam_reports import make_examined, make_side
from tests.support.factories import make_user

GUARDS = [
    {"name": "recall:angry", "n": 90, "loss": 0.25, "p": 0.001, "broken": True},
    {"name": "recall:sad", "n": 90, "loss": 0.2, "p": 0.001, "broken": True},
]


def at_training(visit: Visit) -> Page:
    sides = {"champion": make_side("base-6", 0.69), "challenger": make_side("x", 0.45)}
    reasons = [{"code": "guard"}]
    make_examined("rejected", guards=GUARDS, reasons=reasons, **sides)
    page = signed_in(visit, make_user("tom", "trainer"), "/training/")
    page.set_viewport_size(PHONE)
    return page


def test_a_verdict_is_one_click_away_and_in_the_first_screenful(visit: Visit) -> None:
    page = at_training(visit)
    page.click("table .tag")
    words = page.locator(".verdict-words")
    expect(words).to_have_text(
        "Not better: right on 45 of 100, the present model on 69. It stays."
    )
    low = page.locator(".verdict li").last.bounding_box()
    assert low
    assert low["y"] + low["height"] < PHONE["height"]
    new, old = (bar.bounding_box() for bar in page.locator(".verdict .part").all())
    assert new
    assert old
    assert abs(new["width"] / old["width"] - 45 / 69) < 0.02


def test_statistics_are_under_details_which_the_keyboard_opens(visit: Visit) -> None:
    page = at_training(visit)
    page.click("table .tag")
    expect(page.locator(".versus")).to_be_hidden()
    page.focus("details.report summary")
    page.keyboard.press("Enter")
    expect(page.locator(".versus")).to_be_visible()
    assert faults(page) == []
