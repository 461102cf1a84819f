"""What a site that others reach says of who answers for it, and what lapses."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests.support import factories
from tests.support.public_site import STATED, open_to_the_public

pytestmark = pytest.mark.django_db


def assessed(days_ago: int) -> str:
    return (timezone.localdate() - timedelta(days=days_ago)).isoformat()


def test_the_privacy_page_is_made_from_what_was_stated(
    client: Client, settings: Settings
):
    open_to_the_public(settings)
    html = client.get("/privacy/").text
    assert STATED["CONTROLLER"] in html
    assert 'href="mailto:lab@face.example"' in html
    assert 'href="https://face.example/privacy"' in html
    assert "for art and play. That a picture is looked at rests on your consent" in html
    assert "people of 16 years" in html
    assert "deleted after 90 days" in html and "rejected after 14 days" in html
    settings.DATA_PROTECTION_CONTACT = "none"
    assert "Nobody else is appointed" in client.get("/privacy/").text


def test_so_are_the_terms(client: Client, settings: Settings):
    open_to_the_public(settings)
    html = client.get("/terms/").text
    assert "This site is run by The Face Lab, Ltd., for art and play" in html
    assert "Ada Lovelace has declared" in html


def test_ones_own_machine_names_nobody(client: Client):
    assert "answers for this site" not in client.get("/privacy/").text
    assert "is run by" not in client.get("/terms/").text
    assert client.get("/health").json()["impact_assessment"] == {"ok": True}


def test_an_assessment_that_is_too_old_is_told_and_takes_nothing_down(
    client: Client, settings: Settings
):
    open_to_the_public(settings, IMPACT_ASSESSMENT=assessed(366))
    part = client.get("/health").json()["impact_assessment"]
    assert part["ok"] and part["has_lapsed"]
    assert date.fromisoformat(part["lapses_on"]) < timezone.localdate()


@pytest.mark.parametrize(
    ("days", "said"),
    [(20, None), (340, "is too old from"), (366, "has been too old since")],
)
def test_the_admin_is_told_a_month_before(
    client: Client, settings: Settings, days: int, said: str | None
):
    open_to_the_public(settings, IMPACT_ASSESSMENT=assessed(days))
    settings.STAFF_MFA = "optional"
    client.force_login(factories.make_user("root", is_staff=True, is_superuser=True))
    html = client.get("/admin/").text
    assert ("impact assessment" in html) == bool(said)
    assert not said or said in html
