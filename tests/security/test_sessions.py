"""Sessions are listed by kind of browser, and end when their owner says so."""

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.sessions.backends.base import UpdateError
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from labeling import accounts
from labeling.contributions import retention
from labeling.models import Session, User
from tests.support.factories import make_user
from webapp.http import sessions

pytestmark = pytest.mark.django_db

PHONE = "Mozilla/5.0 (Android 14; Mobile; rv:130.0) Gecko/130.0 Firefox/130.0"
LAPTOP = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/128.0.0.0 Safari/537.36 Edg/128.0.0.0"
)
TABLET = (
    "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def alice() -> User:
    return make_user()


def signed_in(user: User, agent: str = LAPTOP) -> Client:
    client = Client(headers={"User-Agent": agent})
    client.post("/accounts/login/", {"login": user.email, "password": "secret"})
    assert is_signed_in(client)
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def handles(page: str) -> list[str]:
    return re.findall(r"/account/sessions/(\w{32})/end/", page)


def test_the_page_lists_ones_own_and_says_which_is_this_one(alice: User):
    signed_in(alice, PHONE)
    signed_in(make_user("bob"), TABLET)
    page = signed_in(alice).get("/account/").text
    assert "Firefox on Android" in page
    assert "Edge on Windows" in page
    assert "iPad" not in page
    assert page.count("This browser") == 1
    assert len(handles(page)) == 1


def test_neither_key_nor_address_nor_the_whole_agent_is_shown_or_kept(alice: User):
    client = signed_in(alice)
    page = client.get("/account/").text
    row = Session.objects.get()
    assert row.session_key not in page
    kept = str(Session.objects.values()) + str(row.get_decoded())
    assert "128.0" not in kept
    assert "127.0.0.1" not in kept


def test_one_is_ended_and_the_others_go_on(alice: User):
    here, phone, tablet = (signed_in(alice, a) for a in (LAPTOP, PHONE, TABLET))
    row = Session.objects.get(browser="Firefox on Android")
    page = here.post(f"/account/sessions/{sessions.handle(row)}/end/", follow=True).text
    assert "signed out" in page
    assert "Firefox on Android" not in page
    assert [is_signed_in(c) for c in (here, phone, tablet)] == [True, False, True]


def test_all_others_are_ended_at_once(alice: User):
    here, *others = (signed_in(alice, a) for a in (LAPTOP, PHONE, TABLET))
    bobs = signed_in(make_user("bob"))
    here.post("/account/sessions/end/")
    assert is_signed_in(here)
    assert is_signed_in(bobs)
    assert not any(is_signed_in(client) for client in others)
    assert Session.objects.filter(user=alice).count() == 1


def test_nobody_ends_the_session_of_another(alice: User):
    hers, bobs = signed_in(alice), signed_in(make_user("bob"))
    row = Session.objects.get(user=alice)
    for handle in (sessions.handle(row), row.session_key):
        answer = bobs.post(f"/account/sessions/{handle}/end/")
        assert answer.status_code == 404
    assert is_signed_in(hers)


def test_an_ended_one_does_not_come_back_by_a_copy_in_the_cache(alice: User):
    """As when another process read the row just before it went."""
    client = signed_in(alice)
    row = Session.objects.get()
    data, key = row.get_decoded(), f"mien.session{row.session_key}"
    accounts.end_session(row)
    used = timezone.now() - sessions.NOTED_EVERY
    data["mien_notes"]["used"] = used.isoformat()
    cache.set(key, data)
    assert not is_signed_in(client)
    assert not Session.objects.filter(user=alice).exists()


def test_use_is_noted_every_few_minutes_and_not_more_often(alice: User):
    client = signed_in(alice)
    first = Session.objects.get()
    client.get("/my/")
    assert Session.objects.get().last_used_at == first.last_used_at
    store = first.get_session_store_class()(first.session_key)
    long_ago = timezone.now() - timedelta(hours=1)
    store["mien_notes"] = {**store["mien_notes"], "used": long_ago.isoformat()}
    store.save()
    client.get("/my/")
    again = Session.objects.get()
    assert again.last_used_at > first.last_used_at
    assert again.signed_in_at == first.signed_in_at


def test_a_visitor_without_an_account_has_no_session(client: Client):
    for path in ("/", "/vote/", "/accounts/login/", "/health"):
        answer = client.get(path)
        assert "sessionid" not in answer.cookies
    assert not Session.objects.exists()


def test_sessions_go_with_the_account_and_with_time(alice: User):
    for user in (alice, make_user("bob")):
        signed_in(user)
    accounts.delete_account(alice)
    assert {row.user.username for row in Session.objects.all()} == {"bob"}
    Session.objects.update(expire_date=timezone.now())
    assert retention.purge()["sessions"] == 1


def test_setting_up_a_second_factor_ends_sessions_that_began_without(alice: User):
    here, elsewhere = signed_in(alice), signed_in(alice, PHONE)
    where = "/accounts/2fa/totp/activate/"
    form = here.post(
        f"/accounts/reauthenticate/?next={where}", {"password": "secret"}, follow=True
    )
    secret = re.search(r'value="([A-Z2-7]{32})"', form.text)
    assert secret
    here.post(where, {"code": "000000" if secret[1] else ""})
    assert is_signed_in(elsewhere)
    code = format_hotp_value(hotp_value(secret[1], int(time.time()) // 30))
    here.post(where, {"code": code})
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)


@pytest.mark.parametrize(
    ("agent", "word"),
    [
        (PHONE, "Firefox on Android"),
        (LAPTOP, "Edge on Windows"),
        (TABLET, "Safari on iPad"),
        ("python-requests/2.32", ""),
        ("", ""),
    ],
)
def test_of_a_browser_a_word_or_two_is_kept(agent: str, word: str):
    assert sessions.browser(agent) == word


def test_a_session_that_ends_while_a_request_is_on_its_way_stays_ended(alice: User):
    client = signed_in(alice)
    store: Any = client.session
    assert store["_auth_user_id"] == str(alice.pk)
    accounts.end_session(Session.objects.get())
    with pytest.raises(UpdateError):
        store.note(browser="x")
    assert not is_signed_in(client)
