"""A photo looked at on the device: what is shown, what leaves it and when, and what
happens where the device cannot."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from django.test import Client
from playwright.sync_api import Page, Request, expect

from labeling.models import Contribution, ModelVersion, PredictionFeedback
from ml.vision.decode import WORK_SIDE
from tests.browser.axe import faults
from tests.support.drawn_people import PEOPLE, portrait
from tests.support.real_data import needs_face_detector

pytestmark = [needs_face_detector, pytest.mark.usefixtures("shipped", "engine_files")]

CARD = ".face-card"
SWITCH = "Look at it on this device"
PATIENCE = 60_000  # ms: what is fetched and compiled first is large
MOST_SENT = 3000  # bytes of a form without a picture; a crop of a face has many more


def drawn(folder: Path, *names: str, kind: str = "png") -> str:
    """As PNG, which Chromium opens to the very same pixels. Not so large that it is
    shrunk, which Chromium and the site do each in its way."""
    rgb = portrait(
        *(names or ("happy",)),
        width=min(480 * max(1, len(names)), WORK_SIDE),
        height=480,
    )
    path = folder / f"{'-'.join(names) or 'one'}.{kind}"
    cv2.imwrite(str(path), rgb[..., ::-1])
    return str(path)


def choose(page: Page, *files: str) -> None:
    page.locator("#photo").set_input_files(list(files))


def seen_cards(page: Page, count: int) -> None:
    expect(page.locator("[data-result]")).to_have_count(1, timeout=PATIENCE)
    expect(page.locator(CARD)).to_have_count(count)


def watched(page: Page) -> list[Request]:
    asked: list[Request] = []
    page.context.on("request", lambda request: asked.append(request))
    return asked


def sent(request: Request) -> str:
    return (request.post_data_buffer or b"").decode(errors="replace")


def crop_of(page: Page) -> str:
    src = page.locator(f"{CARD} img.face").first.get_attribute("src") or ""
    return src.removeprefix("data:image/jpeg;base64,")


def where(page: Page) -> Any:
    return expect(page.locator("[data-where]"))


def test_no_picture_is_sent_until_a_face_is_given(visit: Any, tmp_path: Path) -> None:
    page = visit("/")
    where(page).to_contain_text("is sent to this site")
    page.get_by_label(SWITCH).check()
    where(page).to_contain_text("it is not sent")
    asked = watched(page)
    choose(page, drawn(tmp_path))
    seen_cards(page, 1)
    page.get_by_label("Show where the model looked").check()
    for save in ("Picture", "JSON"):
        with page.expect_download():
            page.locator(".result-acts").get_by_text(save).click()
    assert [request.url for request in asked if request.method != "GET"] == []
    page.locator(".ask").get_by_role("button", name="surprise").click()
    expect(page.get_by_text("the square with this face is sent")).to_be_visible()
    [answer] = [request for request in asked if request.method != "GET"]
    assert answer.url.endswith("/answer/device/")
    crop = crop_of(page)
    assert crop not in sent(answer)
    assert max(len(sent(one)) + len(one.url) for one in asked) < MOST_SENT
    page.locator("[name=agree]").check()
    page.get_by_role("button", name="Give this face").click()
    expect(page.get_by_text("Thank you. That helps.")).to_be_visible()
    given = asked[-1]
    assert given.url.endswith("/contribute/give/unseen/")
    assert len(sent(given)) < 2 * len(crop)  # the square alone


def test_what_was_given_was_looked_for_by_the_site(visit: Any, tmp_path: Path) -> None:
    page = visit("/")
    page.get_by_label(SWITCH).check()
    choose(page, drawn(tmp_path))
    seen_cards(page, 1)
    page.locator(".ask").get_by_role("button", name="happy").click()
    page.locator("[name=agree]").check()
    mine = np.frombuffer(base64.b64decode(crop_of(page)), np.uint8)
    page.get_by_role("button", name="Give this face").click()
    expect(page.get_by_label("Your private link")).to_have_value(
        re.compile("/withdraw/#")
    )
    kept = Contribution.objects.get()
    assert kept.emotion == "happy"
    theirs = np.frombuffer(bytes(kept.crop.jpeg), np.uint8)
    ours, other = (
        cv2.resize(cv2.imdecode(one, cv2.IMREAD_GRAYSCALE), (48, 48)).ravel()
        for one in (mine, theirs)
    )
    assert np.corrcoef(ours, other)[0, 1] > 0.99


def test_an_answer_about_it_is_counted_apart(
    visit: Any, tmp_path: Path, shipped: ModelVersion, client: Client
) -> None:
    page = visit("/")
    page.get_by_label(SWITCH).check()
    choose(page, drawn(tmp_path))
    seen_cards(page, 1)
    page.locator(".ask").get_by_role("button", name="fear").click()
    page.get_by_role("button", name="No thanks").click()
    expect(page.get_by_text("the picture is forgotten")).to_be_visible()
    kept = PredictionFeedback.objects.get()
    assert (kept.is_from_device, kept.emotion) == (True, "fear")
    assert kept.model_version == shipped
    assert not Contribution.objects.exists()


def site_result(
    page: Page, file: str
) -> tuple[dict[str, Any], list[str], list[list[float]]]:
    choose(page, file)
    expect(page.locator("[data-result]")).to_have_count(1, timeout=PATIENCE)
    with page.expect_download() as saved:
        page.locator(".result-acts").get_by_text("JSON").click()
    answer = json.loads(Path(saved.value.path()).read_text())
    words = page.locator("[data-result]").inner_text().split("\n")
    places = page.locator("[data-result] svg rect").evaluate_all(
        "all => all.map(({ x, y }) => [x, y].map((one) => one.baseVal.value))"
    )
    page.locator("[data-clear]").click()
    return answer, words, places


SHARE = re.compile(r"(\d+)(?=\u202f?%)")


def shares(words: list[str]) -> list[int]:
    return [int(share) for share in SHARE.findall("\n".join(words))]


def without_shares(words: list[str]) -> list[str]:
    return [SHARE.sub("?", line) for line in words]


def test_cards_words_and_download_are_those_of_the_site(
    visit: Any, tmp_path: Path
) -> None:
    page = visit("/")
    for names in (("happy",), ("happy", "sad", "surprise"), tuple(PEOPLE)):
        file = drawn(tmp_path, *names)
        page.get_by_label(SWITCH).uncheck()
        by_site, said, there = site_result(page, file)
        page.get_by_label(SWITCH).check()
        on_device, told, here = site_result(page, file)
        assert len(on_device["faces"]) == len(names)
        assert without_shares(told) == without_shares(said)
        # What lies within .005 may be rounded to another whole percent.
        assert shares(told) == pytest.approx(shares(said), abs=1)
        assert np.array(here) == pytest.approx(np.array(there), abs=2)
        for mine, theirs in zip(on_device["faces"], by_site["faces"], strict=True):
            assert mine.pop("box") == pytest.approx(theirs.pop("box"), abs=1)
            for figure in ("probabilities", "score"):
                assert mine.pop(figure) == pytest.approx(theirs.pop(figure), abs=0.005)
            assert mine == theirs
        on_device.pop("faces")
        by_site.pop("faces")
        assert on_device == by_site


@pytest.mark.parametrize("language", ["pl", "ru"])
def test_every_language_counts_and_writes_shares_as_the_site_does(
    visit: Any, tmp_path: Path, language: str
) -> None:
    page = visit("/about/")
    cookie = {"name": "language", "value": language, "url": visit.server}
    page.context.add_cookies([cookie])
    page.goto("/")
    file = drawn(tmp_path, "happy", "sad")
    switch = page.locator("[data-on-device]")
    _found, said, _boxes = site_result(page, file)
    switch.check()
    _found, told, _boxes = site_result(page, file)
    assert without_shares(told) == without_shares(said)
    assert shares(told) == pytest.approx(shares(said), abs=1)


def test_a_photo_without_a_face_gets_the_same_advice(
    visit: Any, photo_file: Any
) -> None:
    page = visit("/")
    page.get_by_label(SWITCH).check()
    choose(page, photo_file())
    heading = page.get_by_role("heading", name="No face found")
    expect(heading).to_be_visible(timeout=PATIENCE)
    asked = watched(page)
    page.get_by_role("button", name="Turn the photo").click()
    turned = page.locator("[data-result] svg[viewBox='0 0 480 640']")
    expect(turned).to_have_count(1)
    assert [request.url for request in asked if request.method != "GET"] == []


def test_the_choice_is_remembered(visit: Any) -> None:
    page = visit("/")
    page.get_by_label(SWITCH).check()
    page.reload()
    expect(page.get_by_label(SWITCH)).to_be_checked()
    where(page).to_contain_text("it is not sent")
    page.get_by_label(SWITCH).uncheck()
    page.reload()
    expect(page.get_by_label(SWITCH)).not_to_be_checked()


NO_STORAGE = """
    for (const name of ["localStorage", "sessionStorage", "caches"]) {
      const get = () => { throw new DOMException("kept nowhere", "SecurityError"); };
      Object.defineProperty(window, name, { get });
    }
"""


def test_a_private_window_without_storage_looks_too(visit: Any, tmp_path: Path) -> None:
    page = visit("/about/")
    page.add_init_script(NO_STORAGE)
    page.goto("/")
    page.get_by_label(SWITCH).check()
    choose(page, drawn(tmp_path))
    seen_cards(page, 1)
    page.reload()
    expect(page.get_by_label(SWITCH)).not_to_be_checked()


def offered(page: Page, because: str) -> None:
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(because, timeout=PATIENCE)
    expect(alert).to_contain_text("Your photo was not sent")


def send(page: Page) -> None:
    page.get_by_role("button", name="Send it to this site").click()
    expect(page.locator("[data-result]")).to_have_count(1)


@pytest.mark.parametrize("lost", ["*.wasm", "worker.js", "*.onnx"])
def test_what_does_not_arrive_is_said_and_nothing_is_sent(
    visit: Any, tmp_path: Path, lost: str
) -> None:
    page = visit("/")
    page.route(f"**/engine/**/{lost}", lambda route: route.abort())
    page.get_by_label(SWITCH).check()
    asked = watched(page)
    choose(page, drawn(tmp_path))
    offered(page, "did not arrive whole")
    assert [request.url for request in asked if request.method != "GET"] == []
    send(page)
    visit.errors.clear()  # the runtime says it in the console too


def test_what_a_browser_cannot_open_is_offered_to_the_site(
    visit: Any, tmp_path: Path
) -> None:
    page = visit("/")
    page.get_by_label(SWITCH).check()
    choose(page, drawn(tmp_path, kind="tiff"))
    offered(page, "cannot open this kind of file")
    send(page)


def test_without_webassembly_the_site_looks_and_the_page_says_so(visit: Any) -> None:
    page = visit("/about/")
    page.add_init_script("delete globalThis.WebAssembly")
    page.goto("/")
    page.get_by_label(SWITCH).click()
    expect(page.get_by_label(SWITCH)).not_to_be_checked()
    where(page).to_contain_text("has no WebAssembly")
    where(page).to_contain_text("is sent to this site")


SHORT_OF_MEMORY = """
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, moved) {
      const side = Math.max(message.picture?.width ?? 0, message.picture?.height ?? 0);
      if (message.act !== "look" || side <= %d) return post.call(this, message, moved);
      const data = { id: message.id, why: "memory", message: "no room" };
      this.onmessage({ data });
    };
"""


def test_where_memory_is_short_a_smaller_copy_is_looked_at_and_that_is_said(
    visit: Any, tmp_path: Path
) -> None:
    page = visit("/about/")
    page.add_init_script(SHORT_OF_MEMORY % 1300)
    page.goto("/")
    page.get_by_label(SWITCH).check()
    choose(page, drawn(tmp_path, "happy", "sad", "neutral"))
    seen_cards(page, 3)
    expect(page.get_by_text("too large for this device")).to_be_visible()
    page.get_by_role("button", name="looks closer").click()
    expect(page.get_by_text("too large for this device")).to_have_count(0)
    seen_cards(page, 3)


def test_where_there_is_no_memory_at_all_the_site_is_offered(
    visit: Any, tmp_path: Path
) -> None:
    page = visit("/about/")
    page.add_init_script(SHORT_OF_MEMORY % 0)
    page.goto("/")
    page.get_by_label(SWITCH).check()
    choose(page, drawn(tmp_path))
    offered(page, "too little memory")
    send(page)


def test_a_model_that_may_not_be_handed_out_is_not(
    visit: Any, shipped: ModelVersion
) -> None:
    ModelVersion.objects.filter(pk=shipped.pk).update(
        contaminated_at="2026-01-01T00:00Z"
    )
    page = visit("/")
    expect(page.get_by_label(SWITCH)).to_have_count(0)
    where(page).to_contain_text("was taken back")
    where(page).to_contain_text("is sent to this site")


@pytest.mark.parametrize("phone", [False, True])
def test_it_has_no_faults(visit: Any, tmp_path: Path, phone: bool) -> None:
    page = visit("/", phone=phone)
    page.get_by_label(SWITCH).check()
    choose(page, drawn(tmp_path, "happy", "sad"))
    seen_cards(page, 2)
    page.locator(".strip a").nth(1).click()
    expect(page.locator(f"{CARD}:visible")).to_have_count(1)
    assert faults(page) == []
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"]
