"""The embedded Postgres and Redis as children; none where a URL names another one."""

import signal
from functools import partial
from pathlib import Path

from deploy.supervisor import postgres, processes, redis, service_user
from deploy.supervisor.guard import Guard
from deploy.supervisor.processes import Child
from webapp.config import env, service_paths

BIG_LOG = 5 * 2**20  # bytes


def start(data: Path, guard: Guard, children: list[Child]) -> None:
    """Start what is embedded, adding it to `children`, and wait until it answers."""
    account, paths = service_user.for_services(), service_paths.choose(data)
    if not env.text("DATABASE_URL"):
        log = _log(data, "postgres")
        children.append(
            Child(
                "Postgres",
                partial(postgres.start, paths, account, log),
                # Fast, immediate, and the hard way.
                stop=(signal.SIGINT, signal.SIGQUIT, signal.SIGKILL),
                wait_until_ready=partial(postgres.wait, paths, log=log),
            )
        )
    if not env.text("REDIS_URL"):
        log = _log(data, "redis")
        children.append(
            Child(
                "Redis",
                partial(redis.start, paths, account, log),
                wait_until_ready=partial(redis.wait, paths, log=log),
            )
        )
    for child in children:
        processes.start(child, guard)
    for child in children:
        child.wait_until_ready(child.running)


def _log(data: Path, name: str) -> Path:
    path = data / "logs" / f"{name}.log"
    if path.exists() and path.stat().st_size > BIG_LOG:
        path.rename(path.with_suffix(".log.1"))
    path.touch()
    return path
