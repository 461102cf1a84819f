"""What people gave, addresses and faces among it, stands in no log: not in those of
Postgres and Redis, not in the site's, whatever goes wrong."""

import json
import logging
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from celery.app import trace as celery_trace
from django.contrib.auth.hashers import make_password
from django.db import DatabaseError, connection, transaction
from django.test import Client

from deploy.supervisor import postgres
from labeling.models import Crop, User
from tests.support.concurrency import together
from tests.support.factories import make_contribution, make_user
from tests.support.fault_injection import Services, wait_for
from webapp.config import logs

NAME = "zebedee-quux"
EMAIL = f"{NAME}@example.org"
HASH = make_password("wombat-secret", hasher="md5")
FACE = b"\xff\xd8" + os.urandom(3000)
NEEDLES = (NAME, HASH, FACE[64:96].hex(), "wombat")
COMPOSE = Path(__file__).resolve().parents[2] / "deploy" / "compose.yaml"

Act = Callable[[], object]


@pytest.fixture
def told() -> Iterator[StringIO]:
    """The site's log."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def execute(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def two_accounts_with_one_address() -> None:
    for name in (NAME, "other"):
        User.objects.create(username=name, email=EMAIL, password=HASH)


def a_check_that_fails() -> None:
    make_contribution(
        jpeg=FACE, source_name=NAME, status="accepted", decided_emotion=""
    )


def something_missing() -> None:
    User.objects.create(username=NAME, email=EMAIL, password=None)


def a_crop_of_no_face() -> None:
    Crop.objects.create(contribution_id="0" * 32, jpeg=FACE, edge=1)
    execute("SET CONSTRAINTS ALL IMMEDIATE")


def a_value_that_is_too_long() -> None:
    make_contribution(jpeg=FACE, source_name=NAME * 50)


def text_where_a_number_belongs() -> None:
    execute("SELECT %s::text::int", EMAIL)


def a_division_by_zero() -> None:
    execute("SELECT 1/0, %s, %s", EMAIL, FACE)


def a_broken_copy() -> None:
    with connection.cursor() as cursor:
        line = StringIO(f"{NAME}\t{EMAIL}\t{FACE.hex()}\n")
        cursor.copy_expert("COPY labeling_crop FROM STDIN", line)


def one_that_takes_too_long() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64kB'")
        cursor.execute("SET LOCAL statement_timeout = 300")
        cursor.execute(
            "SELECT count(*) FROM (SELECT %s || n FROM generate_series(1, 9e8) n"
            " ORDER BY 1) AS sorted",
            [EMAIL],
        )


FAULTS: list[Act] = [
    two_accounts_with_one_address,
    a_check_that_fails,
    something_missing,
    a_crop_of_no_face,
    a_value_that_is_too_long,
    text_where_a_number_belongs,
    a_division_by_zero,
    a_broken_copy,
    one_that_takes_too_long,
]


def expect_nothing_of_them(text: str) -> None:
    for needle in NEEDLES:
        assert needle not in text


@pytest.mark.django_db
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_statement_that_fails_leaves_its_values_in_no_log(
    fault: Act, told: StringIO
) -> None:
    log = Path(os.environ["MIEN_TEST_DATA"]) / "postgres.log"
    before = log.stat().st_size
    problem = raised_by(fault)
    logging.getLogger("mien.test").error(
        "it failed: %s", problem, exc_info=(type(problem), problem, None)
    )
    logging.getLogger("mien.test").error("it failed again: %r", str(problem))
    with log.open("rb") as lines:
        lines.seek(before)
        expect_nothing_of_them(lines.read().decode(errors="replace"))
    expect_nothing_of_them(told.getvalue())
    lines = map(json.loads, told.getvalue().splitlines())
    [line, _] = [line for line in lines if line["logger"] == "mien.test"]
    assert re.search(r"<SQLSTATE \w{5}", line["trace"])


def raised_by(fault: Act) -> DatabaseError | psycopg2.Error:
    with pytest.raises((DatabaseError, psycopg2.Error)) as caught, transaction.atomic():
        fault()
    return caught.value


@pytest.mark.django_db
def test_a_page_that_breaks_over_a_row_does_not_quote_it(
    client: Client, told: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.raise_request_exception = False
    client.force_login(make_user())
    monkeypatch.setattr("labeling.accounts.make_token", broken)
    assert (
        client.post("/account/tokens/", {"name": "x", "scopes": "read"}).status_code
        == 500
    )
    expect_nothing_of_them(told.getvalue())
    assert "SQLSTATE 23505" in told.getvalue()


def broken(*_: Any, **__: Any) -> None:
    with transaction.atomic():
        two_accounts_with_one_address()


@pytest.mark.django_db
def test_a_task_that_breaks_over_a_row_does_not_quote_it(told: StringIO) -> None:
    from workers.app import app

    task = app.task(broken, name="tests.broken", ignore_result=True)
    tracer = celery_trace.build_tracer(task.name, task, app=app, eager=True)
    logging.getLogger("celery.app.trace").propagate = True
    tracer("some-id", (), {}, None)
    assert "raised unexpected" in told.getvalue()
    expect_nothing_of_them(told.getvalue())


@pytest.mark.slow
def test_what_a_killed_backend_was_at_is_in_no_log() -> None:
    services = Services()
    try:
        with closing(psycopg2.connect(services.paths.database_url)) as line:
            [outcome] = together(1, lambda _: asleep_over_values(line, services))
        assert isinstance(outcome, psycopg2.OperationalError)
        log = services.folder / "postgres.log"
        wait_for(lambda: "signal 9" in log.read_text(), "Postgres to tell of it")
        # Asked to stop in the midst of its recovery, it might not.
        postgres.wait(services.paths, services.postgres, log=log)
        expect_nothing_of_them(log.read_text())
        expect_nothing_of_them(services.folder.joinpath("redis.log").read_text())
    finally:
        services.close()


def asleep_over_values(line: Any, services: Services) -> None:
    pid = line.get_backend_pid()
    killer = threading.Timer(0, kill_when_asleep, (services.paths.database_url, pid))
    killer.start()
    try:
        line.cursor().execute("select pg_sleep(600), %s", [EMAIL])
    finally:
        killer.join()


def kill_when_asleep(database: str, pid: int) -> None:
    with closing(psycopg2.connect(database)) as onlooker:
        onlooker.autocommit = True
        cursor = onlooker.cursor()

        def is_asleep() -> object:
            cursor.execute(
                "select from pg_stat_activity where pid = %s and wait_event = %s",
                [pid, "PgSleep"],
            )
            return cursor.rowcount

        wait_for(is_asleep, "the statement to be under way")
        os.kill(pid, signal.SIGKILL)


def test_compose_starts_its_postgres_and_redis_as_quietly() -> None:
    compose = COMPOSE.read_text()
    for name, value in postgres.OPTIONS.items():
        assert f"-c {name}={value}\n" in compose
    assert "--crash-log-enabled no" in compose


@pytest.mark.django_db(transaction=True)
def test_of_twelve_who_sign_up_at_once_with_one_address_one_gets_it(
    told: StringIO,
) -> None:
    known = {"email": EMAIL, "password1": "correct-horse-battery"}

    def sign_up(_: int) -> int:
        client = Client(raise_request_exception=False)
        return client.post("/accounts/signup/", known).status_code

    assert sorted(together(12, sign_up)) == [200] * 11 + [302]
    assert User.objects.filter(email=EMAIL).count() == 1
    expect_nothing_of_them(told.getvalue())
