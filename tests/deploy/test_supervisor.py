"""`python -m deploy.supervisor`, as `make run` starts it: the whole site, for real."""

import re
import signal
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.supervised_site import PATIENCE, SupervisedSite, gone, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SupervisedSite]:
    house = SupervisedSite(tmp_path_factory.mktemp("house") / "data")
    yield house
    house.clean()


def test_one_command_starts_everything_and_says_where(house: SupervisedSite) -> None:
    house.run()
    said = house.said().decode()
    assert f"Mien is ready at http://127.0.0.1:{house.port}/\n" in said
    assert re.search(
        r"The first admin is admin@example\.com with the password \S+", said
    )
    answer = until(
        lambda: (found := house.health()).get("workers", {}).get("ok") and found
    )
    assert answer["database"]["ok"]
    assert answer["broker"]["ok"]
    for word in ("postgres", "redis-server", "webapp.server", "training", "beat"):
        assert house.children(word)
    assert len(house.children("webapp.server")) == 2


def test_only_its_owner_can_look_into_its_folder(house: SupervisedSite) -> None:
    house.run()
    assert house.data.stat().st_mode & 0o777 == 0o700
    assert (house.data / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_second_start_in_the_same_checkout_is_told_who_runs(
    house: SupervisedSite,
) -> None:
    pid = house.run().pid
    said = house.refusal(PORT="1")
    assert said == (
        f"Mien cannot start: Mien runs here already: process {pid} at "
        f"http://127.0.0.1:{house.port}. Stop that one first.\n"
    )
    assert house.health()


def test_a_start_on_a_taken_port_is_told_so(
    house: SupervisedSite, tmp_path: Path
) -> None:
    house.run()
    said = house.refusal(MIEN_DATA=str(tmp_path / "other"))
    assert said.startswith(f"Mien cannot start: Port {house.port} is taken")
    assert said.count("\n") == 1


def test_a_setting_that_does_not_fit_is_told_before_anything_starts(
    house: SupervisedSite, tmp_path: Path
) -> None:
    said = house.refusal(MIEN_DATA=str(tmp_path / "other"), PORT="none")
    assert said == "Mien cannot start: PORT is 'none'; it takes a number.\n"


@pytest.mark.parametrize(
    "word", ["webapp.server", "training", "redis-server", "postgres"]
)
def test_what_dies_is_started_again(house: SupervisedSite, word: str) -> None:
    before = house.children(word)
    before[0].kill()
    until(lambda: not before[0].is_running())

    def is_back() -> bool:
        try:
            return len(house.children(word)) == len(before)
        except psutil.Error:
            return False

    until(is_back)
    until(lambda: (found := house.health()) and found["database"]["ok"])
    until(lambda: house.health().get("workers", {}).get("ok"))


def test_a_web_process_that_ends_takes_nobodys_request_along(
    house: SupervisedSite,
) -> None:
    house.run()
    failures: list[OSError] = []
    is_over = threading.Event()

    def visit() -> None:
        while not is_over.is_set():
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{house.port}/about/").read()
            except OSError as problem:
                failures.append(problem)

    visitors = [threading.Thread(target=visit) for _ in range(3)]
    for visitor in visitors:
        visitor.start()
    for web in house.children("webapp.server"):
        web.terminate()
        until(lambda web=web: not web.is_running())
        until(lambda: len(house.children("webapp.server")) == 2)
    is_over.set()
    for visitor in visitors:
        visitor.join()
    assert failures == []


def test_violent_death_leaves_no_orphan_and_the_next_start_is_well(
    house: SupervisedSite,
) -> None:
    process, family = house.run(), house.family()
    assert len(family) > 6
    process.kill()
    process.wait()
    until(lambda: gone(family))
    house.run()
    assert "The first admin" not in house.said().decode()
    assert house.health()["database"]["ok"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_asked_to_end_it_ends_everything(
    house: SupervisedSite, number: signal.Signals
) -> None:
    process, family = house.run(), house.family()
    process.send_signal(number)
    assert process.wait(PATIENCE) == 0
    assert gone(family)
    assert "Traceback" not in house.said().decode()


def test_asked_to_end_while_it_starts_it_leaves_nothing(house: SupervisedSite) -> None:
    if house.process:
        house.process.terminate()
        house.process.wait(PATIENCE)
    process = house.start()
    children = until(lambda: psutil.Process(process.pid).children(recursive=True))
    process.terminate()
    assert process.wait(PATIENCE) == 0
    assert gone(children)
