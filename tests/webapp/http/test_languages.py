"""Which language a page speaks, and what is kept of a choice."""

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.support.factories import make_user

pytestmark = pytest.mark.django_db

CODES = [code for code, _name in settings.LANGUAGES]


def language(client: Client, path: str = "/about/", **headers: str) -> str:
    answer = client.get(path, headers=headers)
    found = re.search(r'<html lang="([\w-]+)"', answer.text)
    assert found
    assert answer["Content-Language"] == found[1]
    return found[1]


@pytest.mark.parametrize(
    ("accepted", "spoken"),
    [
        ("pl", "pl"),
        ("de, fr;q=0.8, en;q=0.5", "fr"),
        ("pt-PT", "pt-br"),
        ("es-MX,es;q=0.9", "es"),
        ("de", "en"),
        ("en-GB, pl;q=0.9", "en"),
        ("", "en"),
    ],
)
def test_a_page_speaks_what_the_browser_asks_for(
    client: Client, accepted: str, spoken: str
) -> None:
    assert language(client, **{"accept-language": accepted}) == spoken


def test_a_choice_is_kept_in_a_cookie_and_goes_back_to_the_page(client: Client) -> None:
    sent = {"language": "fr", "next": "/terms/"}
    answer = client.post(reverse("language"), sent)
    assert (answer.status_code, answer.url) == (302, "/terms/")
    assert answer.cookies["language"]["httponly"]
    assert language(client, **{"accept-language": "pl"}) == "fr"


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example", ""])
def test_nobody_is_sent_to_another_site(client: Client, where: str) -> None:
    answer = client.post(reverse("language"), {"language": "fr", "next": where})
    assert answer.url == "/"


@pytest.mark.parametrize("value", ["de", "xx", "", "../es", "e" * 600])
def test_what_is_no_language_of_ours_changes_nothing(
    client: Client, value: str
) -> None:
    user = make_user("ada")
    client.force_login(user)
    client.post(reverse("language"), {"language": value})
    assert language(client) == "en"
    assert language(client, f"/about/?lang={value}") == "en"
    user.refresh_from_db()
    assert user.language == ""


def test_an_account_takes_its_choice_to_other_browsers(client: Client) -> None:
    ada = make_user("ada")
    client.force_login(ada)
    client.post(reverse("language"), {"language": "pl"})
    other = Client()
    assert language(other) == "en"
    other.force_login(ada)
    assert language(other, **{"accept-language": "fr"}) == "pl"


def test_an_address_may_ask_for_a_language_for_once(client: Client) -> None:
    assert language(client, "/about/?lang=ru") == "ru"
    assert language(client) == "en"


def test_caches_keep_a_page_by_language(
    client: Client,
) -> None:
    varies = client.get("/about/")["Vary"]
    assert "Accept-Language" in varies
    assert "Cookie" in varies


def test_search_engines_are_told_of_every_language(client: Client) -> None:
    html = client.get("/about/").text
    found = dict(re.findall(r'hreflang="([\w-]+)" href="([^"]+)"', html))
    assert list(found) == [*CODES, "x-default"]
    assert found["es"] == f"{settings.SITE_URL}/about/?lang=es"
    assert found["x-default"] == f"{settings.SITE_URL}/about/"


def test_each_language_is_named_in_its_own_words(client: Client) -> None:
    html = client.get("/about/?lang=fr&page=2").text
    for code, name in settings.LANGUAGES:
        assert re.search(rf'<button [^>]*lang="{code}"[^>]*>{re.escape(name)}<', html)
    assert 'value="fr" lang="fr" aria-current="true"' in html
    assert '<input type="hidden" name="next" value="/about/?page=2">' in html
