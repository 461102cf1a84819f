"""Hosts of a network of their own, made of namespaces: each has its address, its name,
and a cable that can be pulled. All of it ends with the process."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import psutil

HUB = "10.77.0.1"  # where this process is, and Postgres and Redis with it
NAMES = "/run/netns"
IN_NAMESPACE = "MIEN_DRILL_NETWORK"


def enter(module: str) -> None:
    """Go on in a network of our own; where none can be made, say so and end well."""
    if os.environ.get(IN_NAMESPACE):
        # Names of hosts are files there; ours are nobody else's, and end with us.
        subprocess.run(["mount", "-t", "tmpfs", "hosts", NAMES], check=True)
        _ip("link", "set", "lo", "up")
        _ip("link", "add", "hub", "type", "bridge")
        _ip("addr", "add", f"{HUB}/24", "dev", "hub")
        _ip("link", "set", "hub", "up")
        return
    unshare = [shutil.which("unshare") or "unshare", "--net", "--mount"]
    probe = f"mkdir -p {NAMES} && mount -t tmpfs hosts {NAMES} && ip netns add probe"
    made = subprocess.run([*unshare, "sh", "-c", probe], capture_output=True)
    if made.returncode:
        print(f"{module}: skipped, for no network namespaces can be made here.")
        sys.exit(0)
    _replace_by([*unshare, sys.executable, "-m", module])


def _replace_by(command: list[str]) -> NoReturn:
    os.execve(command[0], command, {**os.environ, IN_NAMESPACE: "1"})  # noqa: S606


class Host:
    def __init__(self, name: str, number: int, folder: Path) -> None:
        self.name, self.address = name, f"10.77.0.{number}"
        self.folder = folder / name
        self.folder.mkdir()
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._cable = f"to-{name}"
        _ip("netns", "add", name)
        _ip("link", "add", self._cable, "type", "veth", "peer", "eth0", "netns", name)
        _ip("link", "set", self._cable, "master", "hub", "up")
        for act in (
            ("addr", "add", f"{self.address}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):
            _ip("-n", name, *act)

    def start(self, role: str, env: dict[str, str]) -> "subprocess.Popen[bytes]":
        """A role of the site, which knows this host's folder and address alone."""
        own = {"MIEN_DATA": str(self.folder), "HOST": self.address, "PORT": "8000"}
        named = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"']
        with self.log(role).open("ab") as log:
            self.running[role] = subprocess.Popen(
                [
                    *("ip", "netns", "exec", self.name, *named, self.name),
                    *(sys.executable, "-m", "deploy.supervisor", "--only", role),
                ],
                env={**env, **own},
                stdout=log,
                stderr=log,
            )
        return self.running[role]

    def log(self, role: str) -> Path:
        return self.folder / f"{role}.txt"

    def said(self, role: str) -> str:
        return self.log(role).read_text(errors="replace")

    def family(self, role: str) -> list[psutil.Process]:
        return psutil.Process(self.running[role].pid).children(recursive=True)

    def pull_cable(self) -> None:
        _ip("link", "set", self._cable, "down")

    def plug_in(self) -> None:
        _ip("link", "set", self._cable, "up")

    def close(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait()
        _ip("netns", "del", self.name)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
