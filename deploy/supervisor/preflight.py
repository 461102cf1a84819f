"""What must be ours before anything starts: the folder, its lock, room, the port; and
for a site that others reach, who answers for it."""

import errno
import fcntl
import os
import shutil
import socket
from pathlib import Path
from typing import IO

from webapp.config import env, public_mode
from webapp.config.startup_error import StartupError

ROOM = 300 * 2**20  # bytes: a fresh database takes 40 MB, a start after a crash less


def controller() -> None:
    """A site that others reach says who answers for it, or does not start."""
    site_url = env.text("SITE_URL")
    if faults := public_mode.unstated(site_url):
        lines = "\n".join(f"- {fault}" for fault in faults)
        raise StartupError(
            f"{site_url} can be reached from other machines. Such a site starts once "
            f"it says who answers for it:\n{lines}\n`manage.py public_mode` asks for "
            "all of it and writes it to an environment file; docs/public.md says why."
        )


def folder(data: Path) -> Path:
    """MIEN_DATA, private when we make it; one that is there keeps its permissions."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        (data / "logs").mkdir(exist_ok=True)
    except PermissionError:
        raise StartupError(
            f"Mien may not write to {data}: start it as the user who owns that folder, "
            "or point MIEN_DATA at another one."
        ) from None
    except OSError as why:
        raise _trouble_with(data, why) from why
    return data


def lock(data: Path, *, address: str, name: str = "lock") -> IO[str]:
    """Held as long as the returned file is open; the kernel lets go when we die."""
    try:
        file = (data / name).open("a+")
    except PermissionError:
        raise StartupError(
            f"Mien may not write to {data}: start it as the user who owns that folder, "
            "or point MIEN_DATA at another one."
        ) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        raise StartupError(
            f"Mien runs here already: {file.read().strip()}. Stop that one first."
        ) from None
    file.truncate(0)
    file.write(f"process {os.getpid()} at {address}")
    file.flush()
    return file


def room(data: Path, needed: int = ROOM) -> None:
    free = shutil.disk_usage(data).free
    if free < needed:
        raise StartupError(
            f"The disk is full: {data} has {free // 2**20} MB left and Mien needs "
            f"{needed // 2**20} MB to start."
        )


def port(host: str, number: int) -> socket.socket:
    """The listening socket, ours from now on: web processes come and go behind it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, number))
    except OSError as why:
        listener.close()
        raise _port_trouble(host, number, why) from why
    except OverflowError:
        listener.close()
        raise StartupError(
            f"PORT is {number}; it takes a number up to 65535."
        ) from None
    listener.listen(1024)
    return listener


def _port_trouble(host: str, number: int, why: OSError) -> StartupError:
    if why.errno == errno.EADDRINUSE:
        return StartupError(
            f"Port {number} is taken by another program: end it, or choose another "
            f"port, as in `make run PORT={number + 1}`."
        )
    if why.errno == errno.EACCES:
        return StartupError(f"Port {number} is for root only: choose one above 1023.")
    return StartupError(f"Mien cannot listen at {host}, port {number}: {why.strerror}.")


def _trouble_with(data: Path, why: OSError) -> StartupError:
    if why.errno == errno.ENOSPC:
        return StartupError(f"The disk is full: nothing can be written to {data}.")
    return StartupError(f"The folder {data} cannot be used: {why.strerror}.")
