"""What holds for every page: headers, no byte from elsewhere, the top bar, errors."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client, RequestFactory

from tests.support import factories
from webapp.api import urls as api_urls
from webapp.views import pages

pytestmark = pytest.mark.django_db

READING = ["/about/", "/privacy/", "/terms/"]
OPEN = ["/", "/live/", *READING, "/accounts/login/", "/accounts/signup/", "/api/docs/"]


class Page(HTMLParser):
    """Every address that a page makes the browser load, and what CSP forbids."""

    LOADS = {"script": "src", "link": "href", "img": "src", "use": "href"}

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.forbidden: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        is_loaded = known.get("rel") != "alternate"
        if is_loaded and (address := known.get(self.LOADS.get(tag, ""))):
            self.loaded.append(address)
        is_data = known.get("type") == "application/json"
        if tag == "style" or (tag == "script" and "src" not in known and not is_data):
            self.forbidden.append(f"<{tag}>")
        bad = [name for name in known if name == "style" or name.startswith("on")]
        self.forbidden += [f"{tag} {name}" for name in bad]


@pytest.mark.parametrize("path", OPEN)
def test_every_byte_comes_from_the_site_and_csp_has_nothing_to_block(
    client: Client, path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    page = Page(answer.text)
    assert page.forbidden == []
    assert page.loaded
    for address in page.loaded:
        assert re.match(r"(/(?!/)|data:|#)", address), address


@pytest.mark.parametrize("path", OPEN)
def test_the_policy_is_strict(client: Client, path: str) -> None:
    answer = client.get(path)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http:" not in policy and "https:" not in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", OPEN)
def test_a_page_has_one_heading_a_skip_link_and_a_language(
    client: Client, path: str
) -> None:
    html = client.get(path).text
    assert html.count("<h1") == 1
    assert 'class="skip" href="#main"' in html
    assert '<html lang="en"' in html
    assert re.search(r"<title>[^<]+ · Mien</title>", html)


@pytest.mark.parametrize("path", READING)
def test_pages_to_read_refuse_to_be_posted_to(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


def test_the_privacy_page_shows_the_consent_text_with_its_version(
    client: Client,
) -> None:
    from labeling.contributions import consent

    html = client.get("/privacy/").text
    assert consent.VERSION in html
    assert str(consent.TEXTS[consent.VERSION].released) in html


def test_the_terms_exclude_work_and_schools(client: Client) -> None:
    assert "Not at work, not in schools" in client.get("/terms/").text
    assert "Not for use at work or in schools" in client.get("/").text


@pytest.mark.parametrize(("theme", "attribute"), [("dark", True), ("'><", False)])
def test_the_theme_comes_from_a_cookie_that_cannot_say_anything_else(
    client: Client, theme: str, attribute: bool
) -> None:
    client.cookies["theme"] = theme
    html = client.get("/about/").text
    assert ('data-theme="dark"' in html) == attribute
    assert "'><" not in html


def test_staff_see_their_links_and_others_do_not(client: Client) -> None:
    assert "/review/" not in client.get("/").text
    client.force_login(factories.make_user("rita", "reviewer"))
    assert 'href="/review/"' in client.get("/").text
    assert 'href="/training/"' not in client.get("/").text


def test_the_page_one_is_on_is_marked(client: Client) -> None:
    html = client.get("/live/").text
    assert re.findall(r'href="([^"]+)" aria-current="page"', html) == ["/live/"]


def test_what_is_not_there_says_so_kindly(client: Client) -> None:
    answer = client.get("/nothing/")
    assert answer.status_code == 404
    assert "Nothing here" in answer.text


@pytest.mark.parametrize(
    ("view", "status"),
    [(pages.bad_request, 400), (pages.forbidden, 403), (pages.not_found, 404)],
)
@pytest.mark.parametrize("path", ["/x/", "/api/v1/x"])
def test_errors_are_pages_for_people_and_json_for_programs(
    rf: RequestFactory, view: Any, status: int, path: str
) -> None:
    answer = view(rf.get(path), Exception())
    assert answer.status_code == status
    is_json = answer["Content-Type"] == "application/json"
    assert is_json == path.startswith("/api/")


def test_our_fault_needs_nothing_that_may_be_broken(rf: RequestFactory) -> None:
    answer = pages.server_error(rf.get("/"))
    assert answer.status_code == 500
    assert b"Our fault" in answer.content


def test_a_form_that_waited_too_long_says_what_to_do() -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/detect/", {})
    assert answer.status_code == 403
    assert "waited too long" in answer.text


def test_the_schema_describes_every_address_of_the_api(client: Client) -> None:
    answer = client.get("/api/schema/?format=json").json()
    ours = [f"/api/{route.pattern}" for route in api_urls.urlpatterns]
    plain = [re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", address) for address in ours]
    of_version_1 = {one.replace("{pk}", "{id}") for one in plain if "/v1/" in one}
    assert set(answer["paths"]) == of_version_1
    assert answer["openapi"].startswith("3.")
    kinds = answer["paths"]["/api/v1/detect"]["post"]["requestBody"]["content"]
    assert "application/json" in kinds
    assert "multipart/form-data" in kinds
