import base64
import json
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from labeling.models import Contribution, PredictionFeedback
from tests.browser.axe import faults
from tests.support import factories
from tests.support.real_data import PHOTOS, needs_face_detector, needs_photos

pytestmark = pytest.mark.usefixtures("champion")

CARD = ".face-card"

# Gives a file to the page as a drop or a paste does.
HAND_OVER = """
([kind, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], "handed.jpg", { type: "image/jpeg" }));
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true })
    : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
  document.querySelector("[data-drop]").dispatchEvent(event);
}
"""


WATCH_SHIFTS = """
() => {
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) window.shifted += shift.value;
  }).observe({ type: "layout-shift" });
}
"""


def choose(page: Page, *files: str) -> None:
    page.locator("#photo").set_input_files(list(files))


def test_a_chosen_photo_gets_a_box_and_a_card(visit: Any, photo_file: Any) -> None:
    page = visit("/")
    choose(page, photo_file(29))
    expect(page.locator(CARD)).to_have_count(1)
    expect(page.locator("[data-result] .box")).to_have_count(1)
    expect(page.locator(f"{CARD} .bars li")).to_have_count(7)
    expect(page.get_by_text("Is this right?")).to_be_visible()


def test_a_photo_without_its_end_is_looked_at_and_said_to_be_so(
    visit: Any, tmp_path: Path
) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(factories.make_photo(29).removesuffix(b"\xff\xd9"))
    page = visit("/")
    choose(page, str(file))
    expect(page.locator(CARD)).to_have_count(1)
    expect(page.get_by_text("the whole picture is there")).to_be_visible()


def test_several_photos_come_back_one_by_one(visit: Any, photo_file: Any) -> None:
    page = visit("/")
    choose(page, photo_file(29), photo_file(29, 2), photo_file())
    expect(page.locator("[data-result]")).to_have_count(3)
    expect(page.locator(CARD)).to_have_count(3)
    expect(page.get_by_role("heading", name="No face found")).to_be_visible()


def test_a_click_on_a_face_leads_to_its_card(visit: Any, photo_file: Any) -> None:
    page = visit("/")
    choose(page, photo_file(29, 2))
    page.locator(".photo a").nth(1).click()
    expect(page.locator(CARD).nth(1)).to_be_in_viewport()
    assert page.locator(f"{CARD}:target").count() == 1


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_a_photo_can_be_pasted_or_dropped(visit: Any, kind: str) -> None:
    page = visit("/")
    page.evaluate(
        HAND_OVER, [kind, base64.b64encode(factories.make_photo(29)).decode()]
    )
    expect(page.locator(CARD)).to_have_count(1)


def test_what_is_no_picture_is_said(visit: Any, tmp_path: Path) -> None:
    page = visit("/")
    words = tmp_path / "words.jpg"
    words.write_text("no picture at all")
    choose(page, str(words))
    expect(page.get_by_role("alert")).to_contain_text("isn't a picture we can open")


def test_when_the_site_is_away_the_photo_can_be_tried_again(
    visit: Any, photo_file: Any
) -> None:
    page = visit("/")
    page.route("**/detect/", lambda route: route.abort())
    choose(page, photo_file(29))
    expect(page.get_by_role("alert")).to_contain_text("could not be reached")
    page.unroute("**/detect/")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(CARD)).to_have_count(1)


def test_where_the_model_looked_is_a_switch(visit: Any, photo_file: Any) -> None:
    page = visit("/")
    choose(page, photo_file(29))
    heat = page.locator(".heat")
    expect(heat).to_have_css("opacity", "0")
    page.get_by_label("Show where the model looked").check()
    expect(heat).to_have_css("opacity", "1")


def test_picture_and_json_can_be_saved(visit: Any, photo_file: Any) -> None:
    page = visit("/")
    choose(page, photo_file(29))
    with page.expect_download() as saved:
        page.get_by_role("button", name="Picture").click()
    picture = cv2.imread(str(saved.value.path()))
    assert picture.shape == (480, 640, 3)
    assert saved.value.suggested_filename.endswith(".jpg")
    with page.expect_download() as saved:
        page.get_by_role("link", name="JSON").click()
    assert len(json.loads(Path(saved.value.path()).read_text())["faces"]) == 1


def test_one_tap_corrects_and_three_clicks_give(visit: Any, photo_file: Any) -> None:
    page = visit("/")
    choose(page, photo_file(29))
    page.locator(".ask").get_by_role("button", name="surprise").click()
    expect(page.get_by_text("Thank you. You say:")).to_be_visible()
    assert PredictionFeedback.objects.get().emotion == "surprise"
    expect(page.get_by_text("Other people may see this face")).to_be_visible()
    expect(page.locator("[name=may_be_released]")).to_be_hidden()
    expect(page.locator(".give input:checked")).to_have_count(0)
    page.locator("[name=agree]").click()
    page.get_by_role("button", name="Give this face").click()
    expect(page.get_by_text("Thank you. That helps.")).to_be_visible()
    link = page.get_by_label("Your private link").input_value()
    assert link.startswith(f"{visit.server}/withdraw/#")
    assert Contribution.objects.get().emotion == "surprise"


def test_no_thanks_ends_it_and_the_answer_stays(visit: Any, photo_file: Any) -> None:
    page = visit("/")
    choose(page, photo_file(29))
    page.locator(".ask").get_by_role("button", name="fear").click()
    page.get_by_role("button", name="No thanks").click()
    expect(page.get_by_text("the picture is forgotten")).to_be_visible()
    expect(page.locator("[name=agree]")).to_have_count(0)
    assert PredictionFeedback.objects.count() == 1
    assert not Contribution.objects.exists()


def test_without_scripts_the_form_does_its_job(visit: Any, photo_file: Any) -> None:
    page = visit("/", java_script_enabled=False)
    page.locator("#photo").set_input_files(photo_file(29))
    page.get_by_role("button", name="Look").click()
    expect(page.locator(".photo .box")).to_have_count(1)
    page.get_by_role("button", name="happy").click()
    expect(page.get_by_role("button", name="Give this face")).to_be_visible()


def test_the_keyboard_is_enough(visit: Any, photo_file: Any) -> None:
    page = visit("/")
    page.on("filechooser", lambda chooser: chooser.set_files(photo_file(29)))
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(1 + page.locator(".sample").count()):
        page.keyboard.press("Tab")
    expect(page.locator("#photo")).to_be_focused()
    page.keyboard.press("Space")
    happy = page.locator(".ask").get_by_role("button", name="happy")
    expect(happy).to_be_visible()
    happy.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("May Mien learn from this face?")).to_be_visible()


def test_on_a_phone_nothing_stands_out_sideways(visit: Any, photo_file: Any) -> None:
    page = visit("/", phone=True)
    choose(page, photo_file(29, 2))
    expect(page.locator(CARD)).to_have_count(2)
    page.locator(".ask button:visible").first.click()
    expect(page.get_by_role("button", name="Give this face")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@needs_face_detector
def test_one_click_on_a_drawn_face_shows_the_whole_result(visit: Any) -> None:
    page = visit("/")
    expect(page.locator(".sample")).to_have_count(3)
    assert faults(page) == []
    page.locator(".sample").nth(1).click()
    expect(page.locator(f"{CARD} .bars li")).to_have_count(7)
    expect(page.locator(".sample").first).to_be_hidden()


def test_on_a_phone_words_and_bars_are_in_the_first_screenful(
    visit: Any, tmp_path: Path
) -> None:
    page = visit("/", phone=True)
    portrait = cv2.imdecode(
        np.frombuffer(factories.make_photo(29), np.uint8), cv2.IMREAD_COLOR
    )
    high = cv2.copyMakeBorder(portrait, 200, 200, 0, 0, cv2.BORDER_REPLICATE)
    cv2.imwrite(str(tmp_path / "portrait.jpg"), high)
    choose(page, str(tmp_path / "portrait.jpg"))
    expect(page.locator(CARD)).to_have_count(1)
    page.wait_for_timeout(100)
    photo = page.locator("[data-result] .photo").bounding_box()
    bars = page.locator(f"{CARD} .bars").bounding_box()
    assert photo["height"] <= 0.45 * 844
    assert bars["y"] + bars["height"] <= 844


def test_a_photo_stands_where_it_stood_when_the_answer_comes(
    visit: Any, photo_file: Any
) -> None:
    page = visit("/", phone=True)
    page.route(
        "**/detect/", lambda route: (page.wait_for_timeout(700), route.continue_())
    )
    choose(page, photo_file(29))
    waiting = page.locator(".is-waiting .photo").bounding_box()
    page.evaluate(WATCH_SHIFTS)
    expect(page.locator("[data-result]")).to_be_visible()
    assert page.locator("[data-result] .photo").bounding_box() == waiting
    assert page.evaluate("shifted") == 0


def test_on_a_slow_line_the_share_that_was_sent_is_said(
    visit: Any, photo_file: Any
) -> None:
    page = visit("/")
    line = page.context.new_cdp_session(page)
    line.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": 0,
            "downloadThroughput": -1,
            "uploadThroughput": 20_000,
        },
    )
    choose(page, photo_file(29))
    expect(page.get_by_text(re.compile(r"^Sending: \d+\s%$"))).to_be_visible()
    expect(page.locator(CARD)).to_have_count(1)


def test_a_group_has_a_tally_a_strip_and_one_open_face(
    visit: Any, photo_file: Any
) -> None:
    page = visit("/")
    choose(page, photo_file(29, 2))
    expect(page.locator(".heading")).to_have_text(re.compile(r"^2 faces: \d "))
    boxes = page.locator("[data-result] .box")
    places = boxes.evaluate_all("all => all.map((box) => box.x.baseVal.value)")
    assert places == sorted(places)
    cards = page.locator(f"{CARD}:visible")
    expect(cards).to_have_count(1)
    first = cards.get_attribute("id")
    page.locator(".strip a").nth(1).click()
    expect(cards).to_have_count(1)
    assert cards.get_attribute("id") != first


def test_a_photo_without_a_face_can_be_turned(visit: Any, photo_file: Any) -> None:
    page = visit("/")
    choose(page, photo_file())
    page.get_by_role("button", name="Turn the photo").click()
    turned = page.locator("[data-result] svg[viewBox='0 0 480 640']")
    expect(turned).to_have_count(1)
    expect(page.locator("[data-result]")).to_have_count(1)


def test_back_keeps_the_results_and_clear_ends_them(
    visit: Any, photo_file: Any
) -> None:
    page = visit("/")
    choose(page, photo_file(29))
    expect(page.locator(CARD)).to_have_count(1)
    page.get_by_role("link", name="About").click()
    expect(page).to_have_url(re.compile("/about/$"))
    page.go_back()
    expect(page.locator(CARD)).to_have_count(1)
    page.locator(".ask").get_by_role("button", name="sad").click()
    expect(page.get_by_text("Thank you. You say:")).to_be_visible()
    page.get_by_role("link", name="Clear").click()
    expect(page.locator(CARD)).to_have_count(0)
    expect(
        page.get_by_role("heading", name="What does this face show?")
    ).to_be_visible()
    page.get_by_role("link", name="About").click()
    page.go_back()
    expect(page.locator(CARD)).to_have_count(0)


def test_the_theme_switch_is_remembered(visit: Any) -> None:
    page = visit("/", color_scheme="light")
    page.get_by_role("button", name="Switch between light and dark").click()
    page.goto("/about/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@needs_photos
@needs_face_detector
@pytest.mark.parametrize(
    ("name", "count"), [("obama.jpg", 1), ("trio_outdoor.jpg", 3), ("cat.png", 0)]
)
def test_real_photos(visit: Any, name: str, count: int) -> None:
    assert PHOTOS
    page = visit("/")
    choose(page, str(PHOTOS / name))
    expect(page.locator("[data-result]")).to_have_count(1)
    expect(page.locator(CARD)).to_have_count(count)
