"""A Postgres and a Redis that may come to harm, and workers that may be killed.

For tests of faults: the shared ones of `services.py` must not be restarted.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from deploy.supervisor import postgres, redis, service_user
from webapp.config import service_paths

Process = subprocess.Popen[bytes]

PATIENCE = 300  # seconds; generous, for other tests run at the same time


class Services:
    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mien-faults-"))
        self.folder.chmod(0o755)  # as root, Postgres runs as another user
        site = self.folder / "services"
        self.paths = service_paths.ServicePaths(
            site / "postgres", site / "redis", site / "run"
        )
        self.account = service_user.for_services()
        self.account.make_folder(self.paths.redis)
        self.start_postgres()
        self.start_redis()

    def start_postgres(self) -> None:
        log = self.folder / "postgres.log"
        with pytest.MonkeyPatch.context() as patch:
            # What a killed process has written is there; only the machine may not die.
            patch.setenv("MIEN_POSTGRES_OPTIONS", "-c fsync=off")
            self.postgres = postgres.start(self.paths, self.account, log)
        postgres.wait(self.paths, self.postgres, log=log)

    def start_redis(self) -> None:
        log = self.folder / "redis.log"
        self.redis = redis.start(self.paths, self.account, log)
        redis.wait(self.paths, self.redis, log=log)

    def stop_postgres(self, word: signal.Signals = signal.SIGINT) -> None:
        self.postgres.send_signal(word)
        self.postgres.wait(PATIENCE)

    def stop_redis(self) -> None:
        self.redis.kill()
        self.redis.wait(PATIENCE)

    def close(self) -> None:
        self.stop_redis()
        self.stop_postgres()
        if not os.environ.get("KEEP_FAULTS"):  # logs to look at
            shutil.rmtree(self.folder, ignore_errors=True)


class Machine:
    """One MIEN_DATA with processes of its own on shared services."""

    def __init__(self, services: Services, name: str) -> None:
        self.data = services.folder / name
        self.data.mkdir(exist_ok=True)
        self.log = services.folder / f"{name}.log"
        self.processes: list[Process] = []
        self.gate = self.data / "gate"
        self.gate.unlink(missing_ok=True)
        self.env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "webapp.config.settings",
            "DATABASE_URL": services.paths.database_url,
            "REDIS_URL": services.paths.redis_url,
            "MIEN_DATA": str(self.data),
            "SWEEP_EVERY": "1",
            "RETRAIN_LOST_AFTER": "6",
            "FER2013": "",
            "FERPLUS": "",
        }

    def start(self, *arguments: str, ml: str = "", is_real: bool = False) -> Process:
        """`celery -A workers.app …`; `ml`: flags of `fake_ml.py`, unless it trains as
        it really does."""
        program = "ml" if is_real else f"tests.support.fake_ml {ml}"
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "workers.app", *arguments],
                env={**self.env, "ML_COMMAND": f"{sys.executable} -m {program}"},
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def worker(self, queue: str = "training", ml: str = "") -> Process:
        name = f"{queue}-{self.data.name}-{len(self.processes)}@test"
        return self.start("worker", "-Q", queue, "-c", "1", "-n", name, ml=ml)

    def trainer(self) -> Process:
        """A worker that trains as it really does."""
        name = f"training-{self.data.name}-{len(self.processes)}@test"
        return self.start(
            "worker", "-Q", "training", "-c", "1", "-n", name, is_real=True
        )

    def held(self, stage: str = "training") -> str:
        """Flags for `ml`: that stage ("training" or "exam") lasts until `let_go`."""
        return f"--hold {stage} {self.gate}"

    def let_go(self) -> None:
        self.gate.touch()

    def manage(self, *arguments: str) -> tuple[Process, Path]:
        """`manage.py …`, and the file of what it says."""
        said = self.data / f"manage-{len(self.processes)}.txt"
        with said.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                env=self.env,
                stdout=out,
                stderr=out,
            )
        self.processes.append(process)
        return process, said

    def children(self) -> list[psutil.Process]:
        """Its `fake_ml.py train` and the like that run just now."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                is_own = process.environ().get("MIEN_DATA") == str(self.data)
                if is_own and "tests.support.fake_ml" in process.cmdline():
                    found.append(process)
        return found

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()


def wait_for(condition: Callable[[], object], what: str = "") -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what or condition}"
        time.sleep(0.1)
