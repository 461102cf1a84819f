"""A whole site of its own, as `python -m deploy.supervisor` starts it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from webapp.config import service_paths

ROOT = Path(__file__).resolve().parents[2]
OURS = (
    "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SITE_URL", "MIEN_DATA", "MAKELEVEL",
    "DJANGO_SETTINGS_MODULE",
)  # fmt: skip
PATIENCE = 300  # seconds; how long it takes is for the bench to tell


def until(holds: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (result := holds()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)
    return result


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


class SupervisedSite:
    def __init__(self, data: Path, *, is_safe: bool = False) -> None:
        self.data = data
        # Tests spare the disk; what is measured must not.
        self.options = "" if is_safe else "-c fsync=off"
        self.port = free_port()
        self.out = data.with_name("out.txt")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **given: str) -> "subprocess.Popen[bytes]":
        kept = {k: v for k, v in os.environ.items() if k not in OURS}
        environment = {
            **kept,
            "MIEN_DATA": str(self.data),
            "WITHDRAWAL_LOG_COPY": str(self.data.with_name("withdrawals.log")),
            "PORT": str(self.port),
            "MIEN_POSTGRES_OPTIONS": self.options,
            **given,
        }
        with self.out.open("wb") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "deploy.supervisor"],
                cwd=ROOT,
                env=environment,
                stdout=out,
                stderr=out,
                process_group=0,
            )

    def run(self) -> "subprocess.Popen[bytes]":
        """The site, running and ready."""
        if self.process and self.process.poll() is None:
            return self.process
        process = self.process = self.start()
        until(lambda: b"Mien is ready" in self.said() or process.poll() is not None)
        assert process.poll() is None, self.said().decode()
        return process

    def clean(self) -> None:
        """End it; remove what lies outside of its folder."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)
        home = service_paths.of(self.data).postgres.parent
        if home.is_relative_to(service_paths.ROOTS_HOME):
            shutil.rmtree(home)

    def said(self) -> bytes:
        return self.out.read_bytes()

    def refusal(self, **given: str) -> str:
        """What a start says that comes to nothing."""
        said, former = self.data.with_name("refusal.txt"), self.out
        self.out = said
        try:
            assert self.start(**given).wait(PATIENCE) == 1
        finally:
            self.out = former
        return said.read_text()

    def health(self) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}/health", timeout=5
            ) as answer:
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as trouble:
            found = json.load(trouble)
        except OSError:
            return {}
        return found

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.run().pid).children(recursive=True)

    def children(self, word: str) -> list[psutil.Process]:
        """Those with this word in their command line."""
        pid = self.run().pid
        return [
            child
            for child in psutil.Process(pid).children()
            if any(word in part for part in command_of(child))
        ]


def command_of(process: psutil.Process) -> list[str]:
    """Empty where it has ended meanwhile."""
    try:
        command: list[str] = process.cmdline()
    except psutil.Error:
        return []
    return command


def gone(family: list[psutil.Process]) -> bool:
    return all(
        not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
        for process in family
    )
