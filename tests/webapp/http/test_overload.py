import threading
import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client

from tests.support import factories
from tests.support.concurrency import together
from webapp.http import overload


@pytest.fixture
def everyone_is_busy() -> Iterator[None]:
    """All turns are taken, as by photos that are being looked at."""
    done, ready = threading.Event(), threading.Barrier(settings.INFERENCE_TURNS + 1)

    def take_long() -> None:
        with overload.turn():
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
    with pytest.raises(overload.Busy), overload.turn():
        pass


def test_a_turn_comes_back_whatever_happens_in_it() -> None:
    for _ in range(settings.INFERENCE_TURNS + 1):
        with pytest.raises(ZeroDivisionError), overload.turn():
            raise ZeroDivisionError


def test_turns_go_to_whoever_has_waited_longest() -> None:
    turns, order = overload.Turns(1, most_waiting=9), []
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
        with overload.turn():
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
        with pytest.raises(overload.Busy), overload.turn():
            pass
        return time.monotonic() - start

    waits = sorted(together(settings.WEB_THREADS, look))
    at_once = settings.WEB_THREADS - settings.WEB_THREADS * 3 // 4
    assert max(waits[:at_once]) < overload.WAIT
    assert min(waits[at_once:]) >= overload.WAIT * 0.99


@pytest.mark.django_db
@pytest.mark.usefixtures("champion", "everyone_is_busy")
def test_the_api_answers_503_with_retry_after(client: Client) -> None:
    answer = client.post(
        "/api/v1/detect", factories.make_photo(29), content_type="image/jpeg"
    )
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "busy"
    assert answer["Retry-After"] == str(overload.RETRY_AFTER)


@pytest.mark.django_db
@pytest.mark.usefixtures("champion", "everyone_is_busy")
def test_the_page_says_that_many_are_here(client: Client) -> None:
    from io import BytesIO

    answer = client.post("/detect/", {"photo": BytesIO(factories.make_photo(29))})
    assert answer.status_code == 503
    assert "Many people are here" in answer.text
    assert answer["Retry-After"]
