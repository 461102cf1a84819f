"""A real Postgres and a real Redis for the tests: once a session, for all workers.

The process that starts pytest starts them and tells everybody by environment variable,
as any site with DATABASE_URL and REDIS_URL; programs that tests start inherit it.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from deploy.supervisor import postgres, redis, service_user
from webapp.config import service_paths

FAST = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off"


def start_once() -> None:
    if "MIEN_TEST_SERVICES" not in os.environ:
        _start()
    # Every xdist worker has a Redis database of its own; its Postgres database gets a
    # name of its own from pytest-django.
    number = os.environ.get("PYTEST_XDIST_WORKER", "gw-1").removeprefix("gw")
    os.environ["REDIS_URL"] = f"{os.environ['MIEN_TEST_SERVICES']}?db={int(number) + 1}"
    data = Path(os.environ["MIEN_TEST_DATA"]) / f"site{number}"
    data.mkdir(exist_ok=True)
    os.environ["MIEN_DATA"] = str(data)
    os.environ["WITHDRAWAL_LOG_COPY"] = str(data / "second" / "withdrawals.log")


def _start() -> None:
    folder = Path(tempfile.mkdtemp(prefix="mien-tests-"))
    folder.chmod(0o755)  # As root, Postgres runs as another user.
    site = folder / "services"
    paths = service_paths.ServicePaths(site / "postgres", site / "redis", site / "run")
    account = service_user.for_services()
    os.environ["MIEN_POSTGRES_OPTIONS"] = FAST
    account.make_folder(paths.redis)
    database_log, queue_log = folder / "postgres.log", folder / "redis.log"
    database = postgres.start(paths, account, database_log)
    queue = redis.start(paths, account, queue_log)
    postgres.wait(paths, database, log=database_log)
    redis.wait(paths, queue, log=queue_log)
    del os.environ["MIEN_POSTGRES_OPTIONS"]

    def stop() -> None:
        for process, number in ((queue, redis.STOP_SIGNAL), (database, 3)):
            process.send_signal(number)
        for process in (queue, database):
            process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    os.environ.update(
        DATABASE_URL=paths.database_url,
        MIEN_TEST_SERVICES=paths.redis_url,
        MIEN_TEST_DATA=str(folder),
        SECRET_KEY="only-for-tests-and-long-enough-for-the-deploy-check-0123456789",
    )
