"""What is done to the site of `several_hosts.py`, and what must hold."""

import json
import os
import time
from collections.abc import Callable
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, TypeVar

import django
import psutil
import redis

django.setup()

from django.db import OperationalError, connection  # noqa: E402
from django.db.utils import InterfaceError  # noqa: E402

from labeling import accounts  # noqa: E402
from labeling.db import AdvisoryLock  # noqa: E402
from labeling.models import TrainingRun, User  # noqa: E402
from labeling.registry import model_versions  # noqa: E402
from labeling.training import training_runs  # noqa: E402
from tests.drills.network import Host  # noqa: E402
from tests.drills.several_hosts import EMAIL, PASSWORD, Services, Site  # noqa: E402
from tests.drills.visitors import Visitors, ask, post_form  # noqa: E402
from tests.support import tiny_model  # noqa: E402
from tests.support.factories import make_accepted_crowd, make_photo  # noqa: E402
from tests.support.supervised_site import command_of, until  # noqa: E402
from workers import launch  # noqa: E402

JSON = {"Content-Type": "application/json"}
JPEG = {"Content-Type": "image/jpeg"}
T = TypeVar("T")
SOON = 2.0  # seconds until every web host serves a promoted model


def walk(site: Site, services: Services) -> None:
    began = time.monotonic()
    everything_is_up(site)
    who_is_known_here_is_known_there(site)
    what_is_counted_here_is_counted_there(site)
    one_clock_ticks(site)
    a_promotion_is_served_by_both(site)
    a_training_host_is_cut_off(site)
    web_hosts_are_replaced(site)
    redis_forgets_everything(site)
    postgres_is_restarted(site, services)
    tell(f"all of it in {time.monotonic() - began:.0f} s")


def everything_is_up(site: Site) -> None:
    for address in site.addresses:
        until(lambda address=address: workers(address) == (2, 2))
        until(lambda address=address: health(address).get("status") == "ok")
    assert User.objects.filter(is_superuser=True).count() == 1
    tell("two web hosts, two workers, two trainers; they made one admin together")


def who_is_known_here_is_known_there(site: Site) -> None:
    here, there = site.addresses
    cookies = SimpleCookie()
    who = {"login": EMAIL, "password": PASSWORD}
    sent = post_form(here, "/accounts/login/", "/accounts/login/", cookies, **who)
    assert sent.status == 302, sent
    assert EMAIL in ask(there, "/account/", cookies=cookies).text
    _token, secret = accounts.make_token(User.objects.get(email=EMAIL), name="drill")
    bearer = {"Authorization": f"Bearer {secret}", **JSON}
    for address in site.addresses:  # known, and refused for what it asks
        assert ask(address, "/api/v1/trainings", b"{", bearer).status == 400
    ask(here, "/account/", cookies=cookies)
    post_form(here, "/account/", "/accounts/logout/", cookies)
    assert ask(there, "/account/", cookies=cookies).status == 302
    tell("a session and a token are good on both hosts, and so is signing out")


def what_is_counted_here_is_counted_there(site: Site) -> None:
    here, there = site.addresses
    seen = ask(here, "/api/v1/detect?crops=1", make_photo(29), JPEG)
    assert seen.status == 200, seen
    [face] = seen.json["faces"]  # type: ignore[misc]
    gift = {key: face[key] for key in ("crop", "token")}
    body = dumps({**gift, "emotion": "happy", "adult": True, "keep": True})
    assert ask(there, "/api/v1/contributions", body, JSON).status == 201
    for address in site.addresses:
        assert ask(address, "/api/v1/contributions", body, JSON).status == 409
    answers = [
        ask(site.addresses[n % 2], "/api/v1/detect", make_photo(29), JPEG).status
        for n in range(7)
    ]
    assert answers == [200] * 5 + [429] * 2, answers
    tell("a face token is spent once, and a rate is used up, whichever host is asked")


def one_clock_ticks(site: Site) -> None:
    assert clocks() == 1
    waiting = [h for h in site.webs if "another clock ticks" in h.said("clock")]
    assert len(waiting) == 1
    tell("of two clocks one ticks")


def a_promotion_is_served_by_both(site: Site) -> None:
    folder = Path(os.environ["MIEN_DATA"])
    tiny_model.make_artefact(folder / "poor", name="poor", knows=2)
    version = model_versions.register_shipped(folder / "poor")
    for address in site.addresses:
        assert served_by(address) != version.name
    model_versions.promote(version, kind="override", reason="a drill")
    took = until_served(site, version.name)
    tell(f"a promotion is served by both after {took:.1f} s")


def a_training_host_is_cut_off(site: Site) -> None:
    make_accepted_crowd(train=75, exam=35)
    run = launch.start_training(preset="quick")
    until(lambda: run.events.count() >= 3)
    cut = next(h for h in site.trainers if f"taken by {h.name}:" in fresh(run).log)
    cut.pull_cable()
    began = time.monotonic()
    until(lambda: fresh(run).attempt == 2)
    tell(f"another host took the run over after {time.monotonic() - began:.0f} s")
    until(lambda: run.events.filter(attempt=2).exists())
    resumed = run.events.filter(attempt=2)[0].data["resumed_after"]
    assert resumed >= 1, resumed
    taken_over_with = run.events.filter(attempt=1).count()
    cut.plug_in()
    until(lambda: fresh(run).status in ("done", "failed"))
    assert fresh(run).status == "done", fresh(run).log
    assert run.events.filter(attempt=1).count() == taken_over_with
    assert run.events.order_by("-pk")[0].attempt == 2
    until(lambda: not trains(cut))
    name = model_versions.name_of(run)
    took = until_served(site, name)
    tell(f"it went on after epoch {resumed}, ended, and was served after {took:.1f} s")
    tell("the host that was cut off wrote nothing late, and ended its training")


def web_hosts_are_replaced(site: Site) -> None:
    with Visitors(site.addresses) as crowd:
        for host in site.webs:
            process = host.running["web"]
            process.terminate()
            assert process.wait(120) == 0
            host.start("web", site.env)
            until(lambda host=host: health(host.address).get("status") == "ok")
    asked = crowd.answers.total()
    assert crowd.failed == 0, crowd.answers
    tell(f"both web hosts were replaced: {asked} requests, 0 failed")


def redis_forgets_everything(site: Site) -> None:
    with Visitors(site.addresses) as crowd:
        run = training_runs.request(preset="quick")
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as broker:
            broker.flushall()
        until(lambda: fresh(run).status in ("done", "failed"))
    assert fresh(run).status == "done", fresh(run).log
    assert crowd.failed == 0, crowd.answers
    for address in site.addresses:
        until(lambda address=address: health(address).get("status") == "ok")
    tell(f"Redis forgot all: {crowd.answers.total()} requests, 0 failed; a run ended")


def postgres_is_restarted(site: Site, services: Services) -> None:
    with Visitors(site.addresses) as crowd:
        services.stop_postgres()
        services.start_postgres()
        for address in site.addresses:
            until(lambda address=address: health(address).get("status") == "ok")
        until(lambda: again(clocks) == 1)
    with Visitors(site.addresses) as after:
        until(lambda: after.answers.total() > 50)
    assert after.failed == 0, after.answers
    run = again(lambda: launch.start_training(preset="quick"))
    until(lambda: fresh(run).status in ("done", "failed"))
    assert fresh(run).status == "done", fresh(run).log
    tell(f"Postgres was restarted: {dict(crowd.answers)}, then 0 failed; a run ended")


# --- looks at the site


def health(address: str) -> dict[str, object]:
    try:
        return ask(address, "/health").json
    except (OSError, ValueError):
        return {}


def workers(address: str) -> tuple[int, int]:
    seen: Any = health(address).get("workers", {})
    return seen.get("default", 0), seen.get("training", 0)


def served_by(address: str) -> object:
    return ask(address, "/api/v1/model").json["name"]


def until_served(site: Site, name: str) -> float:
    """Seconds until both web hosts look with this model, by their own word."""
    began = time.monotonic()
    for address in site.addresses:
        while health(address)["champion"]["name"] != name:  # type: ignore[index]
            assert time.monotonic() - began < 30, f"{address} serves another model"
            time.sleep(0.05)
    took = time.monotonic() - began
    assert took <= SOON, f"{took:.1f} s"
    return took


def fresh(run: TrainingRun) -> TrainingRun:
    return again(lambda: TrainingRun.objects.get(pk=run.pk))


def trains(host: Host) -> list[psutil.Process]:
    return [
        one
        for one in host.family("training")
        if "tests.support.fake_ml" in command_of(one)
    ]


def clocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND (classid::bigint << 32) + objid::bigint = %s",
            [AdvisoryLock.CLOCK],
        )
        found: int = cursor.fetchone()[0]
    return found


def again(act: Callable[[], T]) -> T:
    try:
        return act()
    except (OperationalError, InterfaceError):
        connection.close()
        return act()


def dumps(value: object) -> bytes:
    return json.dumps(value).encode()


def tell(line: str) -> None:
    print(line, flush=True)
