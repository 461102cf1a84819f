"""Pages in other languages on a narrow phone: nothing sticks out, and what scripts say
is said in the page's language.

`ALL_LANGUAGES=1` looks at every language in place of the two with the longest words.
"""

import os
import re
from typing import Any

import polib
import pytest
from playwright.sync_api import Page, expect

from labeling.models import User
from tests.browser.conftest import Visit
from tests.browser.test_accessibility import OPEN, SIGNED_IN
from tests.browser.test_desk import signed_in
from tests.browser.test_full_pages import fill, sticks_out
from tests.browser.test_live_view import wait_until_long_enough
from tests.languages.catalogues import PLURALS, path_of

pytestmark = pytest.mark.usefixtures("champion")

NARROW = {"width": 360, "height": 740}
LOOKED_AT = [*PLURALS] if os.environ.get("ALL_LANGUAGES") else ["fr", "ru"]


def speaks(page: Page, visit: Visit, language: str) -> None:
    cookie = {"name": "language", "value": language, "url": visit.server}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]


def said(language: str, msgid: str, context: str | None = None) -> str:
    catalogue = polib.pofile(path_of("webapp", language).read_text())
    entry = catalogue.find(msgid, msgctxt=context or False)
    assert entry
    return entry.msgstr or entry.msgstr_plural[0]


@pytest.mark.parametrize("language", LOOKED_AT)
def test_nothing_sticks_out_of_open_pages(visit: Visit, language: str) -> None:
    page = visit("/about/", reduced_motion="reduce")
    speaks(page, visit, language)
    for path in OPEN:
        page.goto(path)
        assert (path, page.locator("html").get_attribute("lang")) == (path, language)
        assert (path, sticks_out(page)) == (path, 0)


@pytest.mark.parametrize("language", LOOKED_AT)
def test_nothing_sticks_out_of_pages_behind_an_account(
    visit: Visit, language: str
) -> None:
    paths = fill()
    page = signed_in(visit, User.objects.get(username="ada"), "/about/")
    speaks(page, visit, language)
    own = [path for path in SIGNED_IN if "FACE" not in path]
    for path in [*paths.values(), *own]:
        page.goto(path)
        assert (path, sticks_out(page)) == (path, 0)


@pytest.mark.parametrize("language", LOOKED_AT)
def test_nothing_sticks_out_of_a_result(
    visit: Visit, language: str, photo_file: Any
) -> None:
    page = visit("/about/", reduced_motion="reduce")
    speaks(page, visit, language)
    page.goto("/")
    page.locator("#photo").set_input_files(photo_file(29, 2))
    expect(page.locator(".face-card")).to_have_count(2)
    assert sticks_out(page) == 0


@pytest.mark.parametrize("language", LOOKED_AT)
def test_a_live_session_is_told_in_the_pages_language(
    visit: Visit, language: str, settings: Any
) -> None:
    settings.LIVE_RATE = None
    page = visit("/about/", reduced_motion="reduce")
    speaks(page, visit, language)
    page.goto("/live/")
    page.get_by_role("button", name=said(language, "Start"), exact=True).click()
    pace = said(language, "checked {rate} time a second").split("{")[0].strip()
    expect(page.locator("[data-status]")).to_contain_text(pace)
    wait_until_long_enough(page)
    page.get_by_role("button", name=said(language, "Stop"), exact=True).click()
    expect(page.locator("[data-summary]")).to_be_visible()
    assert sticks_out(page) == 0
    assert not re.search(r"\{\w+\}", page.locator("[data-live]").inner_text())


def test_the_switch_works_without_javascript(visit: Visit) -> None:
    page = visit("/terms/", java_script_enabled=False)
    page.get_by_role("button", name="Polski").click()
    expect(page.locator("html")).to_have_attribute("lang", "pl")
    assert page.url.endswith("/terms/")
    page.goto("/about/")
    expect(page.locator("html")).to_have_attribute("lang", "pl")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
