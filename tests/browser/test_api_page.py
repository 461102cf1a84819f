"""The page of the API, and the tokens for it."""

from playwright.sync_api import Page, expect

from tests.browser.axe import faults
from tests.browser.conftest import Visit
from tests.browser.test_desk import signed_in
from tests.support.factories import make_user

LIGHTNESS = """(selector) => {
  const style = getComputedStyle(document.querySelector(selector));
  const [r, g, b] = style[selector === ".api-docs" ? "backgroundColor" : "color"]
    .match(/[\\d.]+/g).map(Number);
  return (r + g + b) / 765;
}"""


def looks_dark(page: Page) -> bool:
    """Light words on dark ground; fails where one went without the other."""
    ground = page.evaluate(LIGHTNESS, ".api-docs")
    words = page.evaluate(LIGHTNESS, ".swagger-ui .opblock-summary-description")
    assert abs(ground - words) > 0.4
    return bool(ground < words)


def test_the_apis_page_is_dark_in_dark_mode_and_has_padlocks_where_they_belong(
    visit: Visit,
) -> None:
    page = visit("/api/docs/", color_scheme="dark")
    said = page.request.get("/api/schema/?format=json").json()["paths"].values()
    operations = [one for methods in said for one in methods.values()]
    needy = [one for one in operations if one["security"]]
    expect(page.locator(".opblock")).to_have_count(len(operations))
    assert looks_dark(page)
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(page.locator("html.dark-mode")).to_have_count(0)
    assert not looks_dark(page)
    page.reload()
    expect(page.locator(".opblock")).to_have_count(len(operations))
    assert not looks_dark(page)
    locked = page.locator(".opblock:has(.authorization__btn) .opblock-summary-path")
    expect(locked).to_have_count(len(needy))
    assert not {"/api/v1/detect", "/api/v1/needs"} & set(locked.all_inner_texts())


def test_a_token_is_copied_by_keyboard_and_says_so(visit: Visit) -> None:
    page = signed_in(visit, make_user("ada"), "/account/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("textbox", name="Name of a new token").fill("my script")
    page.keyboard.press("Enter")
    token = page.get_by_role("textbox", name="Your new token.")
    token.focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Copy")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Copied")).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_attached()
    assert page.evaluate("() => navigator.clipboard.readText()") == token.input_value()
    assert faults(page) == []
