"""Which language a page speaks, and what is kept of a choice."""

import re
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, override

from labeling import accounts, figures
from labeling.contributions import consent, face_reports
from labeling.detection import notice
from tests.support.factories import make_contribution, make_user
from tests.support.public_site import open_to_the_public
from webapp.http import sessions
from webapp.presenters import formats

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


def test_a_consent_is_kept_in_the_language_that_it_stood_in() -> None:
    with override("pl"):
        assert consent.shown().language == consent.given().language == "pl"
    with override("de"):
        assert consent.shown().language == consent.given().language == "en"


def test_a_consent_of_which_a_sentence_lacks_is_shown_in_english(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = consent.TEXTS[consent.VERSION]
    half = replace(known, seen="A sentence that nobody has translated.")
    monkeypatch.setitem(consent.TEXTS, consent.VERSION, half)  # type: ignore[misc]
    with override("pl"):
        text = consent.shown()
        given = consent.given()
    assert text.language == given.language == "en"
    assert text.keep.startswith("Mien may keep this face")


def test_the_notice_is_read_in_a_language_and_holds_in_all(
    client: Client, settings: Any
) -> None:
    open_to_the_public(settings)
    client.cookies["language"] = "fr"
    client.post(reverse("notice"), {"page": "try"})
    assert client.cookies["notice"].value == f"{notice.version()}/fr"
    client.cookies["language"] = "pl"
    assert 'id="photo"' in client.get("/").text


def test_operators_are_written_to_in_their_own_language(settings: Any) -> None:
    make_user("ada", is_superuser=True)
    marie = make_user("marie", is_superuser=True)
    accounts.choose_language(marie, "fr")
    face = make_contribution(may_be_seen=True, screened_at=timezone.now())
    reported = face_reports.report(face, reason="child")
    face_reports.alert(reported.pk)
    spoken = {letter.to[0]: letter.subject for letter in mail.outbox}
    assert spoken["ada@example.org"] == "Mien: a face was reported"
    assert spoken["marie@example.org"] != spoken["ada@example.org"]


@pytest.mark.parametrize("accepted", ["fr", "en", ""])
def test_an_error_of_the_api_speaks_what_the_program_accepts(
    client: Client, accepted: str
) -> None:
    answer = client.post("/api/v1/detect", headers={"accept-language": accepted})
    message = answer.json()["error"]["message"]
    assert ("No photo arrived." in message) == (accepted != "fr")
    assert answer["Content-Language"] == (accepted or "en")


def test_numbers_and_shares_are_written_as_the_reader_does() -> None:
    written = {}
    for code in CODES:
        with override(code):
            written[code] = (figures.number(12345.6, 1), figures.percent(0.82))
    assert written == {
        "en": ("12,345.6", "82\u202f%"),
        "pt-br": ("12.345,6", "82%"),
        "es": ("12\xa0345,6", "82\u202f%"),
        "fr": ("12\xa0345,6", "82\u202f%"),
        "pl": ("12\xa0345,6", "82%"),
        "ru": ("12\xa0345,6", "82\u202f%"),
    }


def test_what_a_worker_wrote_down_is_read_in_ones_own_language() -> None:
    with override("es"):
        assert formats.of_worker("Training: epoch 3 of 10.") != (
            "Training: epoch 3 of 10."
        )
        assert "3" in formats.of_worker("Training: epoch 3 of 10.")
        assert formats.of_worker("Cancelled.") == gettext("Cancelled.") != "Cancelled."
        assert formats.of_worker("What it said itself.") == "What it said itself."
        assert formats.of_worker("") == ""


def test_a_browser_that_signed_in_is_named_in_the_readers_language() -> None:
    kept = sessions.browser("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
    assert sessions.in_words(kept) == kept == "Firefox on Linux"
    with override("es"):
        assert sessions.in_words(kept) == "Firefox en Linux"
        assert sessions.in_words("Firefox") == "Firefox"
