"""`python -m deploy.supervisor`, as `make run` starts it: the whole site, for real."""

import re
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.concurrency import meanwhile
from tests.support.supervised_site import PATIENCE, SupervisedSite, gone, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SupervisedSite]:
    site = SupervisedSite(tmp_path_factory.mktemp("site") / "data")
    yield site
    site.clean()


def test_one_command_starts_everything_and_says_where(site: SupervisedSite) -> None:
    site.run()
    said = site.said().decode()
    assert f"Mien is ready at http://127.0.0.1:{site.port}/\n" in said
    assert re.search(
        r"The first admin is admin@example\.com with the password \S+", said
    )
    for act in ("rights account", "limits"):  # the admin's, and what bounds this start
        assert f"on record: {act}" in said
    answer = until(
        lambda: (found := site.health()).get("workers", {}).get("ok") and found
    )
    assert answer["database"]["ok"]
    assert answer["broker"]["ok"]
    for word in ("postgres", "redis-server", "webapp.server", "training", "beat"):
        assert site.children(word)
    assert len(site.children("webapp.server")) == 2


def test_only_its_owner_can_look_into_its_folder(site: SupervisedSite) -> None:
    site.run()
    assert site.data.stat().st_mode & 0o777 == 0o700
    assert (site.data / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_second_start_in_the_same_checkout_is_told_who_runs(
    site: SupervisedSite,
) -> None:
    pid = site.run().pid
    said = site.refusal(PORT="1")
    assert said == (
        f"Mien cannot start: Mien runs here already: process {pid} at "
        f"http://127.0.0.1:{site.port}. Stop that one first.\n"
    )
    assert site.health()


def test_a_start_on_a_taken_port_is_told_so(
    site: SupervisedSite, tmp_path: Path
) -> None:
    site.run()
    said = site.refusal(MIEN_DATA=str(tmp_path / "other"))
    assert said.startswith(f"Mien cannot start: Port {site.port} is taken")
    assert said.count("\n") == 1


def test_a_setting_that_does_not_fit_is_told_before_anything_starts(
    site: SupervisedSite, tmp_path: Path
) -> None:
    said = site.refusal(MIEN_DATA=str(tmp_path / "other"), PORT="none")
    assert said == "Mien cannot start: PORT is 'none'; it takes a number.\n"


@pytest.mark.parametrize(
    "word", ["webapp.server", "training", "redis-server", "postgres"]
)
def test_what_dies_is_started_again(site: SupervisedSite, word: str) -> None:
    before = site.children(word)
    before[0].kill()
    until(lambda: not before[0].is_running())

    def is_back() -> bool:
        try:
            return len(site.children(word)) == len(before)
        except psutil.Error:
            return False

    until(is_back)
    until(lambda: (found := site.health()) and found["database"]["ok"])
    until(lambda: site.health().get("workers", {}).get("ok"))


def test_a_web_process_that_ends_takes_nobodys_request_along(
    site: SupervisedSite,
) -> None:
    site.run()
    failures: list[OSError] = []

    def visit(_number: int) -> None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{site.port}/about/").read()
        except OSError as problem:
            failures.append(problem)

    with meanwhile(visit, 3):
        for web in site.children("webapp.server"):
            web.terminate()
            until(lambda web=web: not web.is_running())
            until(lambda: len(site.children("webapp.server")) == 2)
    assert failures == []


def test_violent_death_leaves_no_orphan_and_the_next_start_is_well(
    site: SupervisedSite,
) -> None:
    process, family = site.run(), site.family()
    assert len(family) > 6
    process.kill()
    process.wait()
    until(lambda: gone(family))
    site.run()
    assert "The first admin" not in site.said().decode()
    assert site.health()["database"]["ok"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_asked_to_end_it_ends_everything(
    site: SupervisedSite, number: signal.Signals
) -> None:
    process, family = site.run(), site.family()
    process.send_signal(number)
    assert process.wait(PATIENCE) == 0
    assert gone(family)
    assert "Traceback" not in site.said().decode()


def test_asked_to_end_while_it_starts_it_leaves_nothing(site: SupervisedSite) -> None:
    if site.process:
        site.process.terminate()
        site.process.wait(PATIENCE)
    process = site.start()
    children = until(lambda: psutil.Process(process.pid).children(recursive=True))
    process.terminate()
    assert process.wait(PATIENCE) == 0
    assert gone(children)
