"""Signing up tells nobody who has an account; an address's owner learns it by mail."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import LazySettings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.test import Client

from labeling.models import User
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db

PASSWORD = "correct-horse-battery"
KNOWN = {
    "confirmed": "confirmed@example.org",
    "unconfirmed": "unconfirmed@example.org",
    "an account's alone": "alone@example.org",
    "in capitals": "Confirmed@Example.ORG",
}


class CountingHasher(MD5PasswordHasher):
    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).hashed += 1
        return super().encode(password, salt)


@pytest.fixture(autouse=True)
def with_mail(settings: LazySettings) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_PREVENT_ENUMERATION = settings.MAIL_CONFIGURED = True
    settings.PASSWORD_HASHERS = [f"{__name__}.{CountingHasher.__name__}"]


@pytest.fixture(autouse=True)
def those_who_have_one() -> None:
    for name in ("confirmed", "unconfirmed", "alone"):
        user = make_user(name)
        if name != "alone":
            is_confirmed = name == "confirmed"
            EmailAddress.objects.create(
                user=user, email=user.email, verified=is_confirmed, primary=True
            )


def sign_up(email: str, password: str = PASSWORD) -> list[Any]:
    """All that a stranger can see of it, twice in a row: the address apart."""
    seen: list[Any] = []
    client = Client()
    for _ in range(2):
        before = CountingHasher.hashed
        sent = {"email": email, "password1": password}
        answer = client.post("/accounts/signup/", sent, follow=True)
        text = re.sub(rf"(?i){email}|[a-z0-9]{{64}}", "…", answer.text)
        cookies = {name: len(cookie.value) for name, cookie in answer.cookies.items()}
        seen += [answer.redirect_chain, answer.status_code, text, cookies]
        seen += [sorted(client.cookies), CountingHasher.hashed - before]
    return seen


@pytest.mark.parametrize("email", KNOWN.values(), ids=KNOWN)
def test_a_known_address_gets_the_answer_of_a_new_one(email: str) -> None:
    assert sign_up(email) == sign_up("nobody@example.org")
    assert User.objects.filter(email__iexact="nobody@example.org").count() == 1
    assert User.objects.filter(email__iexact=email).count() == 1


@pytest.mark.parametrize("password", ["", "short", "12345678901234"])
def test_a_poor_password_is_refused_alike(password: str) -> None:
    new = sign_up("nobody@example.org", password)
    assert sign_up("confirmed@example.org", password) == new


def test_the_owner_learns_of_it_by_mail_and_a_newcomer_confirms() -> None:
    for email in ("confirmed@example.org", "nobody@example.org"):
        sign_up(email)
    to_the_owner, to_the_newcomer = mail.outbox
    assert to_the_owner.to == ["confirmed@example.org"]
    assert "Already Exists" in to_the_owner.subject
    assert "/accounts/password/reset/" in to_the_owner.body
    assert to_the_newcomer.to == ["nobody@example.org"]
    assert "/accounts/confirm-email/" in to_the_newcomer.body


def test_without_mail_it_is_said_for_the_owner_cannot_be_told_alone(
    settings: LazySettings,
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    settings.MAIL_CONFIGURED = False
    assert "already" in sign_up("confirmed@example.org")[2]
    assert User.objects.filter(email="confirmed@example.org").count() == 1


def test_and_nobody_asks_for_many_addresses(settings: LazySettings) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    client = Client()
    codes = [
        client.post("/accounts/signup/", {"email": f"{n}@example.org"}).status_code
        for n in range(30)
    ]
    assert codes[0] == 200
    assert codes[-1] == 429
