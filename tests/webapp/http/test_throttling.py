from io import BytesIO
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.test import Client, RequestFactory
from redis.exceptions import ConnectionError as RedisIsGone

from tests.support import factories
from webapp.http import throttling

pytestmark = pytest.mark.django_db


def request_from(address: str, user: Any = None) -> Any:
    request = RequestFactory().get("/", REMOTE_ADDR=address)
    request.user = user or AnonymousUser()
    return request


@pytest.fixture
def clock() -> Any:
    with mock.patch("webapp.http.throttling.time.time") as time:
        time.return_value = 1_000_020.0  # a whole minute begins
        yield time


def spend(request: Any, times: int, rate: throttling.Rate = (3, 60)) -> None:
    for _ in range(times):
        throttling.spend(request, "test", rate)


def test_so_many_are_let_through_and_then_no_more(clock: Any) -> None:
    someone = request_from("192.0.2.1")
    spend(someone, 3)
    with pytest.raises(throttling.TooMany):
        spend(someone, 1)


def test_others_are_counted_apart(clock: Any) -> None:
    spend(request_from("192.0.2.1"), 3)
    spend(request_from("192.0.2.2"), 3)
    spend(request_from("192.0.2.1", factories.make_user()), 3)


def test_an_account_is_the_same_from_everywhere(clock: Any) -> None:
    alice = factories.make_user()
    spend(request_from("192.0.2.1", alice), 3)
    with pytest.raises(throttling.TooMany):
        spend(request_from("192.0.2.2", alice), 1)


def test_many_accounts_at_one_address_are_counted_together(clock: Any) -> None:
    room = 3 * throttling.HOUSEHOLD
    people = [factories.make_user(f"p{n}") for n in range(room)]
    for person in people[:-1]:
        spend(request_from("192.0.2.1", person), 1)
    alice = people[0]
    spend(request_from("192.0.2.1", alice), 1)
    with pytest.raises(throttling.TooMany):
        spend(request_from("192.0.2.1", people[-1]), 1)
    # What the address refused does not count for the account.
    spend(request_from("192.0.2.2", people[-1]), 3)
    spend(request_from("192.0.2.1"), 3)  # who has no account is counted apart


def test_what_the_account_refused_does_not_count_for_the_address(clock: Any) -> None:
    alice, bo = factories.make_user(), factories.make_user("bo")
    spend(request_from("192.0.2.1", alice), 3)
    for _ in range(3 * throttling.HOUSEHOLD):
        with pytest.raises(throttling.TooMany):
            spend(request_from("192.0.2.1", alice), 1)
    spend(request_from("192.0.2.1", bo), 3)


def test_a_whole_ipv6_network_counts_as_one_address(clock: Any) -> None:
    spend(request_from("2001:db8:1:2::1"), 3)
    with pytest.raises(throttling.TooMany):
        spend(request_from("2001:db8:1:2:ffff::9"), 1)


@pytest.mark.parametrize("used_at", [0.0, 30.0, 59.0])
@pytest.mark.parametrize("rate", [(1, 60), (3, 60), (120, 60), (2, 1)])
def test_whoever_waits_as_told_gets_through(
    clock: Any, used_at: float, rate: throttling.Rate
) -> None:
    someone = request_from("192.0.2.1")
    clock.return_value += used_at
    spend(someone, rate[0], rate)
    with pytest.raises(throttling.TooMany) as refusal:
        spend(someone, 1, rate)
    assert 1 <= refusal.value.retry_after <= 2 * rate[1]
    clock.return_value += refusal.value.retry_after
    spend(someone, 1, rate)


def test_refused_requests_are_not_counted(clock: Any) -> None:
    someone = request_from("192.0.2.1")
    spend(someone, 3)
    for _ in range(50):
        with pytest.raises(throttling.TooMany):
            spend(someone, 1)
    clock.return_value += 120
    spend(someone, 3)


def test_without_a_rate_there_is_no_limit() -> None:
    for _ in range(50):
        throttling.spend(request_from("192.0.2.1"), "test", None)


def test_without_redis_it_goes_on() -> None:
    with mock.patch.object(cache, "add", side_effect=RedisIsGone):
        spend(request_from("192.0.2.1"), 9)


@pytest.mark.usefixtures("champion")
def test_the_api_answers_429_with_retry_after(client: Client, settings: Any) -> None:
    settings.DETECT_RATE = (1, 60)
    photo = factories.make_photo(29)
    send = {"data": photo, "content_type": "image/jpeg"}
    assert client.post("/api/v1/detect", **send).status_code == 200
    answer = client.post("/api/v1/detect", **send)
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "too_many"
    assert 1 <= int(answer["Retry-After"]) <= 120
    # A live view has a limit of its own.
    assert client.post("/api/v1/detect?live=1", **send).status_code == 200


@pytest.mark.usefixtures("champion")
def test_the_page_says_how_long_to_wait(client: Client, settings: Any) -> None:
    settings.DETECT_RATE = (1, 60)
    for _ in range(2):
        answer = client.post("/detect/", {"photo": BytesIO(factories.make_photo(29))})
    assert answer.status_code == 429
    assert "That was quick" in answer.text
    assert answer["Retry-After"]
