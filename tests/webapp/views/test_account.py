import re

import pytest
from django.test import Client

from labeling import accounts
from labeling.models import ApiToken
from tests.support import factories

pytestmark = pytest.mark.django_db

PASSWORD = "correct-horse-battery"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/account/"),
        ("post", "/account/tokens/"),
        ("post", "/account/tokens/1/revoke/"),
    ],
)
def test_strangers_are_asked_to_sign_in(client: Client, method: str, path: str) -> None:
    answer = getattr(client, method)(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_signing_up_without_a_mail_server_works_and_says_so(client: Client) -> None:
    assert "no mail server" in client.get("/accounts/signup/").text
    answer = client.post(
        "/accounts/signup/", {"email": "bo@example.org", "password1": PASSWORD}
    )
    assert answer.status_code == 302
    assert "bo@example.org" in client.get("/account/").text


def test_signing_in_and_out(client: Client) -> None:
    factories.make_user("bo")
    answer = client.post(
        "/accounts/login/", {"login": "bo@example.org", "password": "secret"}
    )
    assert answer.status_code == 302
    assert "Sign out" in client.get("/").text
    client.post("/accounts/logout/")
    assert "Sign out" not in client.get("/").text


def test_a_wrong_password_is_said_on_the_form(client: Client) -> None:
    factories.make_user("bo")
    answer = client.post(
        "/accounts/login/", {"login": "bo@example.org", "password": "wrong"}
    )
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text


def test_a_token_is_shown_once_and_works(client: Client) -> None:
    user = factories.make_user()
    client.force_login(user)
    answer = client.post(
        "/account/tokens/", {"name": "laptop", "scopes": ["read", "give"]}
    )
    assert answer.status_code == 201
    assert "no-store" in answer["Cache-Control"]
    secret = re.search(r'id="secret"[^>]*value="([^"]+)"', answer.text)
    assert secret
    found = accounts.find_token(secret[1])
    assert found
    assert found.user == user
    page = client.get("/account/").text
    assert "laptop" in page
    assert secret[1] not in page


def test_a_token_needs_a_name(client: Client) -> None:
    client.force_login(factories.make_user())
    answer = client.post("/account/tokens/", {"name": " ", "scopes": "read"})
    assert answer.status_code == 400
    assert "a name" in answer.text
    assert not ApiToken.objects.exists()


def test_a_token_needs_to_be_for_something(client: Client) -> None:
    client.force_login(factories.make_user())
    answer = client.post("/account/tokens/", {"name": "laptop"})
    assert answer.status_code == 400
    assert "what the token may do" in answer.text
    assert not ApiToken.objects.exists()


def test_a_token_can_be_revoked(client: Client) -> None:
    user = factories.make_user()
    client.force_login(user)
    token, secret = accounts.make_token(user, name="laptop")
    client.post(f"/account/tokens/{token.pk}/revoke/")
    assert accounts.find_token(secret) is None


def test_nobody_revokes_the_token_of_another(client: Client) -> None:
    token, secret = accounts.make_token(factories.make_user("alice"), name="laptop")
    client.force_login(factories.make_user("mallory"))
    assert client.post(f"/account/tokens/{token.pk}/revoke/").status_code == 404
    assert accounts.find_token(secret) is not None


@pytest.mark.parametrize("path", ["/account/tokens/", "/account/tokens/1/revoke/"])
def test_tokens_are_made_and_revoked_by_post_only(client: Client, path: str) -> None:
    client.force_login(factories.make_user())
    assert client.get(path).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/password/reset/",
        "/accounts/password/change/",
        "/accounts/email/",
        "/accounts/2fa/",
        "/accounts/logout/",
    ],
)
def test_pages_of_the_account_wear_the_sites_look(client: Client, path: str) -> None:
    if "login" not in path and "signup" not in path:
        client.force_login(factories.make_user())
    answer = client.get(path)
    assert answer.status_code == 200
    assert 'class="brand"' in answer.text
    assert 'class="title"' in answer.text
    assert "style=" not in answer.text
