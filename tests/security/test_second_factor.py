"""Where the site asks for it, nothing that was granted opens before a second factor."""

import re
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import get_resolver

from labeling import accounts
from labeling.models import AuditEntry, TrainingRun, User
from tests.support.factories import make_contribution, make_run, make_user

pytestmark = pytest.mark.django_db

SET_UP = "/accounts/2fa/totp/activate/"


@pytest.fixture(autouse=True)
def required(settings: Any) -> None:
    settings.STAFF_MFA = "required"


def staff() -> dict[str, User]:
    return {
        "reviewer": make_user("rita", "reviewer"),
        "trainer": make_user("tom", "trainer"),
        "admin": make_user("boss", is_staff=True, is_superuser=True),
    }


def signed_in(user: User, *, with_factor: bool = False) -> Client:
    if with_factor:
        Authenticator.objects.create(user=user, type="totp", data={"secret": "x"})
    client = Client()
    client.force_login(user)
    return client


STAFF_PAGES = re.compile(
    r"(review|training)/|models/.*(rows\.csv|override/|roll-back/)$"
)


def addresses(patterns: Any, before: str = "") -> Iterator[str]:
    for entry in patterns:
        pattern = before + str(entry.pattern)
        if hasattr(entry, "url_patterns"):
            yield from addresses(entry.url_patterns, pattern)
        elif STAFF_PAGES.match(pattern):
            yield "/" + re.sub(r"<(\w+):\w+>", _something, pattern)


def _something(part: re.Match[str]) -> str:
    return {"uuid": str(UUID(int=1)), "int": "1", "str": "mien-1"}[part[1]]


def sent(client: Client, path: str) -> list[Any]:
    answers = (client.get(path), client.post(path))
    return [answer for answer in answers if answer.status_code != 405]


def test_not_even_an_admin_gets_anywhere_without_it():
    client = signed_in(staff()["admin"])
    pages = list(addresses(get_resolver().url_patterns))
    assert len(pages) > 15
    for path in pages:
        assert {answer.url for answer in sent(client, path)} == {SET_UP}, path
    for path in ("/admin/", "/admin/labeling/user/", "/admin/labeling/vote/"):
        page = client.get(path, follow=True)
        assert (SET_UP, 302) in page.redirect_chain, path


@pytest.mark.parametrize(
    ("who", "path"), [("reviewer", "/review/"), ("trainer", "/training/")]
)
def test_reviewers_and_trainers_are_sent_to_set_it_up(who: str, path: str):
    assert signed_in(staff()[who]).get(path).url == SET_UP


def test_with_it_the_pages_open():
    client = signed_in(staff()["admin"], with_factor=True)
    for path in ("/review/", "/training/", "/admin/", "/admin/labeling/user/"):
        assert client.get(path).status_code == 200, path


def test_recovery_codes_alone_are_no_second_factor():
    rita = staff()["reviewer"]
    Authenticator.objects.create(user=rita, type="recovery_codes", data={})
    assert signed_in(rita).get("/review/").url == SET_UP


def test_nothing_is_decided_without_it():
    people, face = staff(), make_contribution()
    for who in ("reviewer", "admin"):
        client = signed_in(people[who])
        client.post(f"/review/{face.pk}/decide/", {"act": "accept"})
        client.post(
            "/admin/labeling/contribution/",
            {"action": "accept", "_selected_action": [str(face.pk)]},
        )
        assert client.get(f"/faces/{face.pk}.jpg").status_code == 404
    face.refresh_from_db()
    assert face.status == "waiting"


def test_a_part_of_a_page_sends_the_whole_page_there():
    client = signed_in(staff()["reviewer"])
    answer = client.get("/review/", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == SET_UP


@pytest.mark.parametrize("who", ["trainer", "admin"])
def test_the_api_asks_for_it_too(client: Client, who: str):
    tom = staff()[who]
    headers = {"Authorization": f"Bearer {accounts.make_token(tom, name='script')[1]}"}
    answer = client.post("/api/v1/trainings", {"preset": "quick"}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "second_factor_missing"
    assert not TrainingRun.objects.exists()
    Authenticator.objects.create(user=tom, type="totp", data={})
    run = make_run(status="training")
    assert client.get(f"/api/v1/trainings/{run.pk}", headers=headers).status_code == 200


def test_who_has_no_such_rights_is_asked_for_nothing():
    client = signed_in(make_user())
    assert client.get("/review/").status_code == 403
    assert client.get("/my/").status_code == 200
    assert "two-step" not in client.get("/account/").text


def test_where_it_is_optional_the_password_is_enough(settings: Any):
    settings.STAFF_MFA = "optional"
    assert signed_in(staff()["reviewer"]).get("/review/").status_code == 200


def test_the_whole_way_from_the_refusal_to_the_open_page(client: Client):
    rita = staff()["reviewer"]
    EmailAddress.objects.create(user=rita, email=rita.email, primary=True)
    client.post("/accounts/login/", {"login": rita.email, "password": "secret"})
    page = client.get("/review/", follow=True)
    assert "set up two-step sign-in first" in page.text
    assert "Two-step sign-in" in client.get("/").text
    where = f"/accounts/reauthenticate/?next={SET_UP}"
    form = client.post(where, {"password": "secret"}, follow=True)
    secret = re.search(r'value="([A-Z2-7]{32})"', form.text)
    assert secret, form.text
    code = format_hotp_value(hotp_value(secret[1], int(time.time()) // 30))
    client.post(SET_UP, {"code": code})
    assert client.get("/review/").status_code == 200
    assert 'href="/review/"' in client.get("/").text


def test_a_lost_one_is_taken_off_by_a_command():
    rita = staff()["reviewer"]
    with pytest.raises(CommandError):
        call_command("remove_second_factor", rita.email)
    signed_in(rita, with_factor=True)
    call_command("remove_second_factor", "Rita@example.org")
    assert not Authenticator.objects.exists()
    assert AuditEntry.objects.get().act == "second_factor"
    with pytest.raises(CommandError):
        call_command("remove_second_factor", "nobody@example.org")
