"""The live page where the browser looks by itself: what leaves it, what goes wrong."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, Request, Route, expect

from labeling.models import ModelVersion, Promotion
from labeling.registry import model_versions
from tests.browser.test_live_view import stop
from tests.support import tiny_model
from tests.support.real_data import needs_face_detector

pytestmark = [needs_face_detector, pytest.mark.usefixtures("champion", "engine_files")]

PATIENCE = 60_000  # ms: what is fetched and compiled first is large
MOST_SENT = 2000  # bytes; the smallest frame of a camera has many more


def start(page: Page) -> None:
    page.get_by_role("button", name="Start").click()
    status = page.locator("[data-status]")
    expect(status).to_contain_text("times a second", timeout=PATIENCE)


def where(page: Page) -> Any:
    return expect(page.locator("[data-where]"))


def test_from_start_to_the_saved_summary_no_picture_is_sent(visit: Any) -> None:
    page = visit("/live/")
    where(page).to_contain_text("none is sent")
    asked: list[Request] = []
    page.context.on("request", lambda request: asked.append(request))
    start(page)
    stop(page)
    with page.expect_download() as saved:
        page.get_by_role("button", name="JSON", exact=True).click()
    summary = json.loads(Path(saved.value.path()).read_text())
    assert summary["looks"] > 5
    assert summary["faces"] >= 1
    assert any("/engine/models/" in request.url for request in asked)
    assert [request.url for request in asked if request.method != "GET"] == []
    assert not any("/api/" in request.url for request in asked)
    assert max(len(request.url) for request in asked) < MOST_SENT
    where(page).to_contain_text("none is sent")


def test_the_way_to_check_it_is_one_click_away(visit: Any) -> None:
    page = visit("/live/")
    page.get_by_role("link", name="How to check that").click()
    expect(page.locator("#live")).to_be_in_viewport()


@pytest.mark.parametrize("lost", ["*.wasm", "worker.js", "*.onnx"])
def test_what_does_not_arrive_is_said_before_a_picture_is_sent(
    visit: Any, lost: str
) -> None:
    page = visit("/live/")
    page.route(f"**/engine/**/{lost}", lambda route: route.abort())
    start(page)
    where(page).to_contain_text("sent to this site")
    where(page).to_contain_text("did not arrive whole")
    expect(page.get_by_role("link", name="How to check that")).to_be_hidden()
    visit.errors.clear()  # the runtime says it in the console too


def test_a_model_that_is_broken_in_the_middle_is_not_believed(visit: Any) -> None:
    page = visit("/live/")

    def cut(route: Route) -> None:
        route.fulfill(body=b"half of it", content_type="application/octet-stream")

    page.route("**/engine/models/*.onnx", cut)
    start(page)
    where(page).to_contain_text("did not arrive whole")
    visit.errors.clear()  # Chromium says that the hash is wrong


def test_without_webassembly_the_site_looks(visit: Any) -> None:
    page = visit("/live/")
    page.evaluate("delete globalThis.WebAssembly")
    start(page)
    where(page).to_contain_text("has no WebAssembly")


def test_a_model_that_answers_wrongly_here_is_not_used_and_is_told(
    visit: Any, client: Client
) -> None:
    page = visit("/live/")

    def altered(route: Route) -> None:
        card = route.fetch().json()
        card["golden"]["probabilities"][0].reverse()
        route.fulfill(json=card)

    page.route("**/engine/models/*.json?*", altered)
    start(page)
    where(page).to_contain_text("wrong answers to known faces")
    told = client.get("/health").json()["champion"]
    assert told["problems"] == ["wrong_on_devices"]


FOLLOW = """
    async (address) => {
      const { Engine } = await import("/static/js/engine/engine.js");
      window.engine ??= new Engine(address, "");
      await (window.engine.worker ? window.engine.follow() : window.engine.open());
      return window.engine.model;
    }
"""


def test_a_promotion_takes_over_and_a_withdrawal_ends_it(
    visit: Any, champion: ModelVersion, tmp_path: Path
) -> None:
    page = visit("/about/")
    first = page.evaluate(FOLLOW, "/engine/")
    assert page.evaluate(FOLLOW, "/engine/") == first
    tiny_model.make_artefact(tmp_path / "other", name="other", knows=3)
    other = model_versions.register_shipped(tmp_path / "other")
    model_versions.promote(other, kind=Promotion.Kind.OVERRIDE)
    second = page.evaluate(FOLLOW, "/engine/")
    assert second != first
    ModelVersion.objects.filter(pk=other.pk).update(contaminated_at="2026-01-01T00:00Z")
    with pytest.raises(Exception, match="withdrawn"):
        page.evaluate(FOLLOW, "/engine/")


def test_two_sessions_without_the_site_in_between(visit: Any) -> None:
    """What was fetched is kept for as long as the page is."""
    page = visit("/live/")
    start(page)
    stop(page)
    page.context.set_offline(True)
    page.get_by_role("button", name=re.compile("Start again")).click()
    expect(page.locator("[data-status]")).to_contain_text("times a second")
