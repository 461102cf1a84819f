"""Whose address it is, what a new password ends, and what is said without mail."""

import io
import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from labeling import accounts
from labeling.models import ApiToken, AuditEntry, User
from tests.support.concurrency import together
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db

PASSWORD = "correct-horse-battery"
NEW = "a-new-and-long-one"


@pytest.fixture
def alice() -> User:
    alice = make_user()
    alice.set_password(PASSWORD)
    alice.save()
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True)
    return alice


def sign_in(email: str, password: str) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": email, "password": password})
    return client


# --- addresses


def test_anothers_address_cannot_become_ones_own(client: Client, alice: User):
    mallory = make_user("mallory")
    EmailAddress.objects.create(user=mallory, email=mallory.email, primary=True)
    EmailAddress.objects.create(user=mallory, email=alice.email)
    client.force_login(mallory)
    data = {"email": alice.email, "action_primary": "1"}
    page = client.post("/accounts/email/", data, follow=True)
    assert "Another account already has this address" in page.text
    assert EmailAddress.objects.get(user=mallory, primary=True).email == mallory.email
    mallory.refresh_from_db()
    assert mallory.email == "mallory@example.org"


def test_without_mail_anothers_address_is_not_even_added(client: Client, alice: User):
    client.force_login(make_user("mallory"))
    data = {"email": alice.email, "action_add": "1"}
    page = client.post("/accounts/email/", data, follow=True)
    assert "already registered" in page.text
    assert EmailAddress.objects.filter(email=alice.email).count() == 1


def test_without_mail_a_new_address_is_said_to_be_unconfirmed(
    client: Client, alice: User
):
    client.force_login(alice)
    data = {"email": "second@example.org", "action_add": "1"}
    page = client.post("/accounts/email/", data, follow=True)
    assert "no mail server" in page.text
    assert "sent" not in page.text


@pytest.mark.django_db(transaction=True)
def test_of_those_who_sign_up_at_once_with_one_address_one_gets_it():
    data = {"email": "bo@example.org", "password1": PASSWORD}
    answers = together(3, lambda _: Client().post("/accounts/signup/", data))
    assert all(answer.status_code < 400 for answer in answers)
    assert User.objects.count() == 1


# --- a forgotten password without a mail server


@pytest.mark.parametrize("address", ["alice@example.org", "nobody@example.org"])
def test_without_mail_nothing_is_said_to_be_sent(
    client: Client, alice: User, address: str
):
    for page in (
        client.get("/accounts/password/reset/"),
        client.post("/accounts/password/reset/", {"email": address}, follow=True),
        client.get("/accounts/password/reset/done/", follow=True),
    ):
        assert page.status_code == 200
        assert "can't send you a link" in page.text
        assert "password_link" in page.text
        assert "have sent" not in page.text


def link(email: str) -> str:
    out = io.StringIO()
    call_command("password_link", email, stdout=out)
    found = re.search(r"http://127\.0\.0\.1:8000(/\S+)", out.getvalue())
    assert found
    return found[1]


def test_an_admins_link_sets_a_password_once(client: Client, alice: User):
    path = link("Alice@example.org")
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.subject) == ("password_link", f"account {alice.key}")
    form = client.get(path, follow=True)
    assert "revokes all your API tokens" in form.text
    data = dict.fromkeys(("password1", "password2"), NEW)
    client.post(form.redirect_chain[-1][0], data)
    alice.refresh_from_db()
    assert alice.check_password(NEW)
    assert "no longer works" in Client().get(path, follow=True).text


def test_a_link_ends_when_the_password_changes(alice: User):
    path = link(alice.email)
    alice.set_password(NEW)
    alice.save()
    assert "no longer works" in Client().get(path, follow=True).text


def test_no_link_is_made_for_nobody_or_a_closed_account(alice: User):
    User.objects.update(is_active=False)
    for email in (alice.email, "nobody@example.org"):
        with pytest.raises(CommandError):
            call_command("password_link", email)


def test_with_mail_a_link_is_sent_and_nobody_fills_anothers_mailbox(
    client: Client, alice: User, settings: Any
):
    settings.MAIL_CONFIGURED = True
    asked = [
        client.post("/accounts/password/reset/", {"email": alice.email}, follow=True)
        for _ in range(7)
    ]
    assert "sent you an email" in asked[0].text
    assert [page.status_code for page in asked] == [200] * 5 + [429] * 2
    assert len(mail.outbox) == 5
    assert "/accounts/password/reset/key/" in mail.outbox[0].body


# --- what a new password ends


@pytest.fixture
def secret(alice: User) -> str:
    return accounts.make_token(alice, name="laptop")[1]


def test_changing_the_password_revokes_tokens_and_ends_other_sessions(
    alice: User, secret: str
):
    here, elsewhere = (sign_in(alice.email, PASSWORD) for _ in range(2))
    assert "revokes all your API tokens" in here.get("/accounts/password/change/").text
    data = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    page = here.post("/accounts/password/change/", data, follow=True)
    assert "tokens are revoked" in page.text
    assert accounts.find_token(secret) is None
    assert "This browser" in here.get("/account/").text
    assert alice.sessions.count() == 1
    assert elsewhere.get("/account/").status_code == 302


def test_a_reset_password_revokes_tokens(client: Client, alice: User, secret: str):
    form = client.get(link(alice.email), follow=True)
    data = dict.fromkeys(("password1", "password2"), NEW)
    client.post(form.redirect_chain[-1][0], data)
    assert accounts.find_token(secret) is None


@pytest.mark.parametrize("is_usable", ["true", "false"])
def test_a_password_that_the_admin_sets_or_takes_revokes_tokens(
    client: Client, alice: User, secret: str, is_usable: str
):
    client.force_login(make_user("boss", is_staff=True, is_superuser=True))
    data = {"usable_password": is_usable}
    if is_usable == "true":
        data |= dict.fromkeys(("password1", "password2"), NEW)
    else:
        data |= {"unset-password": "1"}
    client.post(f"/admin/labeling/user/{alice.pk}/password/", data)
    alice.refresh_from_db()
    assert not alice.check_password(PASSWORD)
    assert accounts.find_token(secret) is None


def test_only_a_new_password_ends_tokens(alice: User, secret: str, settings):
    other = accounts.make_token(make_user("bob"), name="his")[1]
    alice.split = "exam"
    alice.save()
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        *settings.PASSWORD_HASHERS,
    ]
    assert sign_in(alice.email, PASSWORD).get("/account/").status_code == 200
    assert User.objects.get(pk=alice.pk).password.startswith("pbkdf2")
    assert accounts.find_token(secret)
    alice.set_password(NEW)
    alice.save()
    assert accounts.find_token(other)
    assert ApiToken.objects.count() == 1


# --- what a password must be


@pytest.mark.parametrize(
    "password", ["nine-char", "password123", "9182736450", "bo@example.org"]
)
def test_short_common_numeric_or_ones_own_name_is_no_password(
    client: Client, password: str
):
    data = {"email": "bo@example.org", "password1": password}
    page = client.post("/accounts/signup/", data)
    assert page.status_code == 200
    assert "errorlist" in page.text
    assert not User.objects.exists()
