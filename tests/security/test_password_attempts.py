"""Whoever guesses passwords waits longer and longer, and shuts nobody else out."""

from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from django.test import Client

from labeling.models import User
from tests.support.concurrency import together
from tests.support.factories import make_user
from webapp.http import password_attempts

pytestmark = pytest.mark.django_db

RIGHT = "secret"
WAIT = "Too many wrong passwords"


@pytest.fixture
def clock() -> Iterator[Any]:
    with mock.patch("time.time") as time:
        time.return_value = 1_000_020.0
        yield time


@pytest.fixture(autouse=True)
def only_ours(settings: Any) -> None:
    """allauth counts all that is sent to its page, too; that is not looked at here."""
    settings.ACCOUNT_RATE_LIMITS = {"login": None}


@pytest.fixture
def alice() -> User:
    return make_user()


def sent(
    password: str, email: str = "alice@example.org", *, at: str = "", by: Any = None
) -> Any:
    extra = {"REMOTE_ADDR": at} if at else {}
    data = {"login": email, "password": password}
    return (by or Client()).post("/accounts/login/", data, **extra)


def waits(answer: Any) -> bool:
    return WAIT in answer.content.decode()


def guess(times: int, **how: Any) -> list[bool]:
    return [waits(sent(f"wrong {n}", **how)) for n in range(times)]


def test_after_five_wrong_ones_even_the_right_one_waits(clock: Any, alice: User):
    assert guess(5) == [False] * 5
    answer = sent(RIGHT)
    assert waits(answer)
    assert "1\xa0minute" in answer.text
    clock.return_value += 61
    assert sent(RIGHT).status_code == 302


def test_waits_grow_to_a_day_which_sees_forty_guesses(clock: Any, rf: Any):
    request = rf.get("/", REMOTE_ADDR="203.0.113.9")
    end, tried, waited = clock.return_value + 24 * 3600 - 1, 0, []
    while clock.return_value < end:
        if wait := password_attempts.seconds_to_wait(request, "alice@example.org"):
            waited.append(wait)
            clock.return_value += wait
        else:
            tried += 1
    assert tried == 40
    assert waited == [61, 540, 61, 2939, 61, 540, 61, 82138]


def test_an_unknown_account_answers_alike(clock: Any, alice: User):
    for email in ("alice@example.org", "nobody@example.org", "ALICE@example.org"):
        guess(5, email=email)
    one, other = (
        sent("x", email).content.partition(b"<form")[2].replace(email.encode(), b"")
        for email in ("alice@example.org", "nobody@example.org")
    )
    assert waits(sent("x"))
    assert len(one) == len(other)


def test_somebody_else_who_guesses_does_not_shut_the_owner_out(alice: User):
    guess(30, at="203.0.113.9")
    assert sent(RIGHT, at="198.51.100.7").status_code == 302


def test_many_networks_together_find_no_more_than_a_few_times_as_much(
    clock: Any, alice: User
):
    tried = [guess(4, at=f"203.0.113.{n}") for n in range(8)]
    assert sum(not waited for few in tried for waited in few) == 25
    assert waits(sent(RIGHT, at="198.51.100.7"))


def test_a_browser_that_signed_in_before_does_not_wait_for_what_others_guess(
    clock: Any, alice: User
):
    own = Client()
    sent(RIGHT, by=own, at="198.51.100.7")
    own.post("/accounts/logout/")
    for n in range(7):
        guess(4, at=f"203.0.113.{n}")
    assert sent(RIGHT, by=own, at="192.0.2.1").status_code == 302
    own.post("/accounts/logout/")
    assert guess(6, by=own) == [False] * 5 + [True]


def test_a_browser_known_to_one_account_is_a_stranger_to_another(
    clock: Any, alice: User
):
    make_user("mallory")
    own = Client()
    sent(RIGHT, "mallory@example.org", by=own)
    own.post("/accounts/logout/")
    assert guess(6, by=own) == [False] * 5 + [True]


def test_one_network_tries_few_passwords_on_many_accounts(clock: Any, alice: User):
    waited = [waits(sent("Summer2026!", f"user{n}@example.org")) for n in range(28)]
    assert waited == [False] * 25 + [True] * 3


def test_ones_own_right_password_wins_no_guesses_at_another(clock: Any, alice: User):
    make_user("mallory")
    guess(5)
    for _ in range(3):
        sent(RIGHT, "mallory@example.org")
    assert waits(sent(RIGHT))


def test_a_mistyped_password_counts_no_longer_once_it_is_right(clock: Any, alice: User):
    for _ in range(3):
        assert guess(4) == [False] * 4
        assert sent(RIGHT).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_of_many_guesses_at_once_five_are_looked_at(alice: User):
    answers = together(16, lambda n: sent(f"wrong {n}"))
    assert sum(not waits(answer) for answer in answers) <= password_attempts.WRONG[0][0]


def test_confirming_who_one_is_counts_like_signing_in(client: Client, alice: User):
    client.force_login(alice)
    data = {"password": "wrong"}
    pages = [client.post("/accounts/reauthenticate/", data).text for _ in range(6)]
    assert [WAIT in page for page in pages] == [False] * 5 + [True]


def test_what_is_sent_too_often_is_answered_by_a_page_of_the_site(
    client: Client, alice: User
):
    client.force_login(alice)
    data = {"oldpassword": "wrong", "password1": "x", "password2": "x"}
    answers = [client.post("/accounts/password/change/", data) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert "Too often" in answers[-1].text
    assert 'class="brand"' in answers[-1].text
