"""`python -m deploy.supervisor --only ROLE`: a site in parts, each with its folder."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from labeling.models import User
from tests.support.supervised_site import PATIENCE, ROOT, free_port, until

pytestmark = pytest.mark.slow


class Hosts:
    """Roles, each as if on a host of its own; what they say is in `NAME.txt`."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder, self.env = folder, env
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, role: str, **given: str) -> "subprocess.Popen[bytes]":
        own = {"MIEN_DATA": str(self.folder / name), "SWEEP_EVERY": "1"}
        own["DJANGO_SETTINGS_MODULE"] = "webapp.config.settings"
        with (self.folder / f"{name}.txt").open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "deploy.supervisor", "--only", role],
                cwd=ROOT,
                env={**self.env, **own, **given},
                stdout=said,
                stderr=said,
                process_group=0,
            )
        self.processes.append(process)
        return process

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.txt").read_text()

    def until_said(self, name: str, words: str) -> None:
        until(lambda: words in self.said(name))

    def works(self, name: str, role: str) -> bool:
        """By the health check of a container."""
        own = {"MIEN_DATA": str(self.folder / name)}
        own["DJANGO_SETTINGS_MODULE"] = "webapp.config.settings"
        return not subprocess.run(
            [sys.executable, "-m", "deploy.supervisor.health_check", role],
            cwd=ROOT,
            env={**self.env, **own},
        ).returncode

    def close(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(PATIENCE)


@pytest.fixture
def hosts(site_env: dict[str, str], tmp_path: Path) -> Iterator[Hosts]:
    hosts = Hosts(tmp_path, site_env)
    yield hosts
    hosts.close()


@pytest.mark.parametrize("missing", ["DATABASE_URL", "REDIS_URL"])
def test_a_role_alone_asks_for_what_all_share(missing: str, tmp_path: Path) -> None:
    env = {**os.environ, "MIEN_DATA": str(tmp_path), missing: ""}
    done = subprocess.run(
        [sys.executable, "-m", "deploy.supervisor", "--only", "web"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert f"--only web needs {missing}" in done.stderr


def test_of_two_clocks_one_ticks_and_the_other_takes_over(hosts: Hosts) -> None:
    clocks = {name: hosts.start(name, "clock") for name in ("one", "two")}
    until(lambda: any("another clock ticks" in hosts.said(name) for name in clocks))
    assert User.objects.count() == 1  # both prepared the site, one after the other
    [spare] = [name for name in clocks if "another clock ticks" in hosts.said(name)]
    [first] = set(clocks) - {spare}
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as broker:
        until(lambda: broker.llen("default"))  # the first one's sweeps
        clocks[first].kill()
        clocks[first].wait()
        hosts.until_said(spare, "this clock ticks")
        broker.delete("default")
        until(lambda: broker.llen("default"))
    assert hosts.works(spare, "clock")
    clocks[spare].terminate()
    clocks[spare].wait()
    assert not hosts.works(spare, "clock")


def test_a_web_host_says_that_it_leaves_and_serves_on(hosts: Hosts) -> None:
    port = free_port()
    web = hosts.start("web", "web", PORT=str(port), LEAVE_SECONDS="600")
    until(lambda: health(port))
    web.send_signal(signal.SIGTERM)
    until(lambda: "leaving" in health(port))
    about = f"http://127.0.0.1:{port}/about/"
    with urllib.request.urlopen(about) as answer:
        assert answer.status == 200
    web.send_signal(signal.SIGTERM)  # asked again, it waits no longer
    assert web.wait(PATIENCE) == 0


def health(port: int) -> dict[str, object]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as answer:
            found: dict[str, object] = json.load(answer)
    except urllib.error.HTTPError as trouble:
        found = json.load(trouble)
    except OSError:
        return {}
    return found
