"""How often somebody may ask, and how many photos are looked at at once."""

import threading
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory

from tests.support import factories
from tests.support.concurrency import together
from webapp.http import admission


def request_from(address: str, user: Any = None) -> Any:
    request = RequestFactory().get("/", REMOTE_ADDR=address)
    request.user = user or AnonymousUser()
    return request


@pytest.fixture
def clock() -> Any:
    with mock.patch("time.time") as time:
        time.return_value = 1_000_020.0  # a whole minute begins
        yield time


def spend(request: Any, times: int, rate: admission.Rate = (3, 60)) -> None:
    for _ in range(times):
        admission.spend(request, "test", rate)


def test_so_many_are_let_through_and_then_no_more(clock: Any) -> None:
    someone = request_from("192.0.2.1")
    spend(someone, 3)
    with pytest.raises(admission.TooMany):
        spend(someone, 1)


@pytest.mark.django_db
def test_others_are_counted_apart(clock: Any) -> None:
    spend(request_from("192.0.2.1"), 3)
    spend(request_from("192.0.2.2"), 3)
    spend(request_from("192.0.2.1", factories.make_user()), 3)


@pytest.mark.django_db
def test_an_account_is_the_same_from_everywhere(clock: Any) -> None:
    alice = factories.make_user()
    spend(request_from("192.0.2.1", alice), 3)
    with pytest.raises(admission.TooMany):
        spend(request_from("192.0.2.2", alice), 1)


@pytest.mark.django_db
def test_many_accounts_at_one_address_are_counted_together(clock: Any) -> None:
    room = 3 * admission.HOUSEHOLD
    people = [factories.make_user(f"p{n}") for n in range(room)]
    for person in people[:-1]:
        spend(request_from("192.0.2.1", person), 1)
    alice = people[0]
    spend(request_from("192.0.2.1", alice), 1)
    with pytest.raises(admission.TooMany):
        spend(request_from("192.0.2.1", people[-1]), 1)
    # What the address refused does not count for the account.
    spend(request_from("192.0.2.2", people[-1]), 3)
    spend(request_from("192.0.2.1"), 3)  # who has no account is counted apart


@pytest.mark.django_db
def test_what_the_account_refused_does_not_count_for_the_address(clock: Any) -> None:
    alice, bo = factories.make_user(), factories.make_user("bo")
    spend(request_from("192.0.2.1", alice), 3)
    for _ in range(3 * admission.HOUSEHOLD):
        with pytest.raises(admission.TooMany):
            spend(request_from("192.0.2.1", alice), 1)
    spend(request_from("192.0.2.1", bo), 3)


def test_a_whole_ipv6_network_counts_as_one_address(clock: Any) -> None:
    spend(request_from("2001:db8:1:2::1"), 3)
    with pytest.raises(admission.TooMany):
        spend(request_from("2001:db8:1:2:ffff::9"), 1)


def test_ipv4_over_an_ipv6_socket_is_still_one_address_each() -> None:
    assert admission.network("::ffff:192.0.2.1") == "192.0.2.1"


@pytest.mark.parametrize("used_at", [0.0, 30.0, 59.0])
@pytest.mark.parametrize("rate", [(1, 60), (3, 60), (120, 60), (2, 1)])
def test_whoever_waits_as_told_gets_through(
    clock: Any, used_at: float, rate: admission.Rate
) -> None:
    someone = request_from("192.0.2.1")
    clock.return_value += used_at
    spend(someone, rate[0], rate)
    with pytest.raises(admission.TooMany) as refusal:
        spend(someone, 1, rate)
    assert 1 <= refusal.value.retry_after <= 2 * rate[1]
    clock.return_value += refusal.value.retry_after
    spend(someone, 1, rate)


def test_refused_requests_are_not_counted(clock: Any) -> None:
    someone = request_from("192.0.2.1")
    spend(someone, 3)
    for _ in range(50):
        with pytest.raises(admission.TooMany):
            spend(someone, 1)
    clock.return_value += 120
    spend(someone, 3)


def test_without_a_rate_there_is_no_limit() -> None:
    for _ in range(50):
        admission.spend(request_from("192.0.2.1"), "test", None)


def test_without_redis_it_goes_on(
    settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REDIS_URL = f"unix://{tmp_path / 'nobody-listens'}"
    spend(request_from("192.0.2.1"), 9)
    assert "Redis does not answer" in caplog.text


def test_of_all_who_ask_at_one_moment_no_more_get_through() -> None:
    someone = request_from("192.0.2.1")

    def ask(_: int) -> None:
        admission.spend(someone, "test", (20, 60))

    outcomes = together(50, ask)
    refused = [outcome for outcome in outcomes if outcome is not None]
    assert len(refused) == 30
    assert {type(refusal) for refusal in refused} == {admission.TooMany}


@pytest.mark.django_db
def test_of_all_of_one_address_at_one_moment_no_more_get_through() -> None:
    people = [factories.make_user(f"p{n}") for n in range(50)]
    room = 4 * admission.HOUSEHOLD

    def ask(n: int) -> None:
        admission.spend(request_from("192.0.2.1", people[n]), "test", (4, 60))

    outcomes = together(50, ask)
    assert outcomes.count(None) == room


@pytest.mark.django_db
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


@pytest.mark.django_db
@pytest.mark.usefixtures("champion")
def test_the_page_says_how_long_to_wait(client: Client, settings: Any) -> None:
    settings.DETECT_RATE = (1, 60)
    for _ in range(2):
        answer = client.post("/detect/", {"photo": BytesIO(factories.make_photo(29))})
    assert answer.status_code == 429
    assert "That was quick" in answer.text
    assert answer["Retry-After"]


@pytest.fixture
def everyone_is_busy() -> Iterator[None]:
    """All turns are taken, as by photos that are being looked at."""
    done, ready = (
        threading.Event(),
        threading.Barrier(settings.INFERENCE_TURNS + 1),
    )

    def take_long() -> None:
        with admission.turn():
            ready.wait(timeout=60)
            done.wait(timeout=60)

    threads = [
        threading.Thread(target=take_long) for _ in range(settings.INFERENCE_TURNS)
    ]
    for thread in threads:
        thread.start()
    ready.wait(timeout=60)
    yield
    done.set()
    for thread in threads:
        thread.join()


@pytest.mark.usefixtures("everyone_is_busy")
def test_who_gets_no_turn_is_told_so() -> None:
    with pytest.raises(admission.Busy), admission.turn():
        pass


def test_a_turn_comes_back_whatever_happens_in_it() -> None:
    for _ in range(settings.INFERENCE_TURNS + 1):
        with pytest.raises(ZeroDivisionError), admission.turn():
            raise ZeroDivisionError


def test_turns_go_to_whoever_has_waited_longest() -> None:
    turns, order = admission.Turns(1, most_waiting=9), []
    assert turns.take(timeout=0)

    def wait(number: int) -> None:
        assert turns.take(timeout=60)
        order.append(number)
        turns.give_back()

    threads = []
    for number in range(5):
        threads.append(threading.Thread(target=wait, args=(number,)))
        threads[-1].start()
        while len(turns._waiting) <= number:
            time.sleep(0.001)
    turns.give_back()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]
    assert turns.take(timeout=0)


def test_never_more_at_once_than_there_are_turns() -> None:
    inside, most, lock = 0, 0, threading.Lock()

    def look(_: int) -> None:
        nonlocal inside, most
        with admission.turn():
            with lock:
                inside += 1
                most = max(most, inside)
            with lock:
                inside -= 1

    together(8, look)
    assert 1 <= most <= settings.INFERENCE_TURNS


@pytest.mark.usefixtures("everyone_is_busy")
def test_beyond_those_who_may_wait_people_are_sent_away_at_once() -> None:
    def look(_: int) -> float:
        start = time.monotonic()
        with pytest.raises(admission.Busy), admission.turn():
            pass
        return time.monotonic() - start

    waits = sorted(together(settings.WEB_THREADS, look))
    at_once = settings.WEB_THREADS - settings.WEB_THREADS * 3 // 4
    assert max(waits[:at_once]) < admission.WAIT
    assert min(waits[at_once:]) >= admission.WAIT * 0.99


@pytest.mark.django_db
@pytest.mark.usefixtures("champion", "everyone_is_busy")
def test_the_api_answers_503_with_retry_after(client: Client) -> None:
    answer = client.post(
        "/api/v1/detect", factories.make_photo(29), content_type="image/jpeg"
    )
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "busy"
    assert answer["Retry-After"] == str(admission.RETRY_AFTER)


@pytest.mark.django_db
@pytest.mark.usefixtures("champion", "everyone_is_busy")
def test_the_page_says_that_many_are_here(client: Client) -> None:
    answer = client.post("/detect/", {"photo": BytesIO(factories.make_photo(29))})
    assert answer.status_code == 503
    assert "Many people are here" in answer.text
    assert answer["Retry-After"]
