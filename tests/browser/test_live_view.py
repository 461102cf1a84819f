import csv
import json
import re
from pathlib import Path
from typing import Any

import cv2
import pytest
from playwright.sync_api import Page, Route, expect

from ml.emotions import EMOTIONS
from webapp.downloads import engine

pytestmark = pytest.mark.usefixtures("champion")

API = "**/api/v1/detect?live=1"


@pytest.fixture(autouse=True)
def by_the_site(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the engine could not be fetched: test_live_on_device.py has the other
    way."""
    settings.LIVE_RATE = None
    monkeypatch.setattr(engine, "is_served", lambda: False)


def start(page: Page) -> None:
    page.get_by_role("button", name="Start").click()
    expect(page.locator("[data-status]")).to_contain_text("times a second")


LONG_ENOUGH = re.compile(r'"seconds":([3-9]|2\.[1-9]|\d\d)')


def wait_until_long_enough(page: Page) -> None:
    """A session is kept from two seconds on."""
    live = page.locator("[data-live]")
    expect(live).to_have_attribute("data-timing", LONG_ENOUGH, timeout=30_000)


def stop(page: Page) -> None:
    wait_until_long_enough(page)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("[data-summary]")).to_be_visible()


def test_from_start_to_the_summary(visit: Any) -> None:
    page = visit("/live/")
    start(page)
    expect(page.locator("[data-running] svg.timeline")).to_be_visible()
    expect(page.locator("[data-bars] .is-winner")).to_have_count(1)
    stop(page)
    assert page.evaluate("document.querySelector('video').srcObject") is None
    expect(page.locator("[data-shares] li")).to_have_count(7)
    expect(page.locator("[data-summary-timeline] svg")).to_be_visible()
    expect(page.locator("[data-summary-length]")).to_contain_text("One face")
    expect(page.locator("[data-flash-limit]")).to_contain_text("can be seen")


def test_after_stop_everything_says_so_and_the_summary_is_what_one_sees(
    visit: Any,
) -> None:
    page = visit("/live/")
    start(page)
    stop(page)
    expect(page.locator("[data-status]")).to_have_text("Stopped. The camera is off.")
    expect(page.locator("[data-stage-words]")).to_contain_text("Stopped")
    expect(page.locator("[data-now-word]")).to_have_text("not looking")
    expect(page.locator("[data-bars] .is-winner")).to_have_count(0)
    expect(page.locator("[data-summary-title]")).to_be_focused()
    expect(page.locator("[data-summary-title]")).to_be_in_viewport()


def test_on_a_wide_screen_the_timeline_stands_beside_the_picture(visit: Any) -> None:
    page = visit("/live/")
    start(page)
    chart, stage = page.locator("[data-timeline] svg"), page.locator("[data-stage]")
    expect(chart).to_be_visible()
    beside, picture = chart.bounding_box(), stage.bounding_box()
    assert beside["x"] > picture["x"] + picture["width"]
    assert beside["y"] < picture["y"] + picture["height"]


def saved_rows(page: Page) -> list[dict[str, str]]:
    with page.expect_download() as saved:
        page.get_by_role("button", name="CSV", exact=True).click()
    return list(csv.DictReader(Path(saved.value.path()).open()))


def test_the_summary_is_saved_as_csv_png_and_json(visit: Any) -> None:
    page = visit("/live/")
    start(page)
    stop(page)
    files = {}
    rows = saved_rows(page)
    for kind in ("png", "json"):
        with page.expect_download() as saved:
            page.get_by_role("button", name=kind.upper(), exact=True).click()
        assert saved.value.suggested_filename.endswith(f".{kind}")
        files[kind] = Path(saved.value.path())
    assert len(rows) > 2
    assert all(float(row[name]) <= 1 for row in rows for name in EMOTIONS)
    summary = json.loads(files["json"].read_text())
    assert sum(summary["shares"].values()) == pytest.approx(1, abs=1e-6)
    assert summary["looks"] >= len({row["seconds"] for row in rows})
    assert cv2.imread(str(files["png"])).shape == (760, 1200, 3)


def test_past_sessions_stay_in_the_browser_until_they_are_erased(visit: Any) -> None:
    page = visit("/live/")
    for _ in range(2):
        start(page)
        stop(page)
    page.reload()
    rows = page.locator("[data-sessions] li")
    expect(rows).to_have_count(2)
    expect(page.locator("[data-period]")).to_contain_text("2 sessions")
    expect(page.locator("[data-period-chart] .bars li")).to_have_count(7)
    rows.first.get_by_role("button", name="Show").click()
    expect(page.locator("[data-summary]")).to_be_visible()
    assert len(saved_rows(page)) > 2
    rows.first.get_by_role("button", name="Erase").click()
    expect(rows).to_have_count(1)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Erase all").click()
    expect(rows).to_have_count(0)
    assert page.evaluate("localStorage.length") == 0
    assert page.evaluate("caches.keys()") == []


def test_a_session_kept_without_its_rows_is_shown_without_csv(visit: Any) -> None:
    page = visit("/live/")
    start(page)
    stop(page)
    expect(page.locator("[data-sessions] li")).to_have_count(1)
    page.evaluate("caches.delete('mien.sessions')")
    page.reload()
    page.get_by_role("button", name="Show").click()
    expect(page.locator("[data-summary]")).to_be_visible()
    expect(page.get_by_role("button", name="CSV", exact=True)).to_be_disabled()
    expect(page.get_by_role("button", name="JSON", exact=True)).to_be_enabled()


def test_an_avatar_covers_the_camera_and_the_face(visit: Any) -> None:
    page = visit("/live/")
    start(page)
    page.get_by_role("button", name="Avatar").click()
    expect(page.get_by_role("button", name="Avatar")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(page.locator("video")).to_have_css("visibility", "hidden")
    # The canvas is painted all over: nothing of the camera shines through.
    page.wait_for_function(
        """() => {
          const canvas = document.querySelector("[data-overlay]");
          const { width, height } = canvas;
          const pen = canvas.getContext("2d");
          const { data } = pen.getImageData(0, 0, width, height);
          return width > 1 && data.every((value, i) => i % 4 < 3 || value === 255);
        }"""
    )


def test_a_moment_can_be_kept_and_given(visit: Any) -> None:
    page = visit("/live/")
    start(page)
    page.get_by_role("button", name="This moment").click()
    expect(page.locator(".face-card").first).to_be_visible()
    expect(page.get_by_text("Is this right?").first).to_be_visible()


@pytest.mark.parametrize(
    ("status", "sentence"), [(429, "Many people are here"), (503, "Going on in")]
)
def test_it_backs_off_when_told_to_and_then_goes_on(
    visit: Any, status: int, sentence: str
) -> None:
    page = visit("/live/")
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=status, headers={"Retry-After": "2"}, body="{}")

    page.route(API, refuse)
    page.get_by_role("button", name="Start").click()
    expect(page.locator("[data-status]")).to_contain_text(sentence)
    page.wait_for_timeout(1000)
    assert len(asked) == 1
    page.unroute(API)
    expect(page.locator("[data-status]")).to_contain_text("times a second")


def test_it_rests_while_the_tab_is_hidden(visit: Any) -> None:
    page = visit("/live/")
    start(page)
    hide = """(hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, True)
    expect(page.locator("[data-status]")).to_contain_text("Resting")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(800)
    assert asked == []
    page.evaluate(hide, False)
    expect(page.locator("[data-status]")).to_contain_text("times a second")


def test_a_denied_camera_is_said_and_can_be_tried_again(visit: Any) -> None:
    page = visit("/live/", permissions=[])
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("alert")).to_contain_text("may not use the camera")
    expect(page.get_by_role("button", name="Start")).to_be_enabled()


def test_the_keyboard_is_enough(visit: Any) -> None:
    page = visit("/live/")
    page.get_by_role("button", name="Start").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Stop")).to_be_focused()
    expect(page.locator("[data-status]")).to_contain_text("times a second")
    wait_until_long_enough(page)
    page.keyboard.press("Enter")
    expect(page.locator("[data-summary]")).to_be_visible()


def test_on_a_phone_nothing_stands_out_sideways(visit: Any) -> None:
    page = visit("/live/", phone=True)
    start(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    stop(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
