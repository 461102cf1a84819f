"""A training in several processes of this machine, as on several machines."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Process:
    child: subprocess.Popen[str]
    address: str


@contextmanager
def started(
    arguments: Sequence[str], *, count: int, cores: Sequence[int] = ()
) -> Iterator[list[Process]]:
    """`python -m ml ARGUMENTS --strategy multi-worker`, the chief first, each on its
    core of `cores`. They are ended with the block."""
    addresses = free_addresses(count)
    processes = [
        Process(_start(arguments, addresses, index, cores), address)
        for index, address in enumerate(addresses)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.child.kill()
            process.child.communicate()


def free_addresses(count: int) -> list[str]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = [f"127.0.0.1:{s.getsockname()[1]}" for s in sockets]
    for each in sockets:
        each.close()
    return addresses


def _start(
    arguments: Sequence[str], addresses: list[str], index: int, cores: Sequence[int]
) -> subprocess.Popen[str]:
    task = {"type": "worker", "index": index}
    place = {"cluster": {"worker": addresses}, "task": task}
    pinned = ["taskset", "-c", str(cores[index])] if cores else []
    return subprocess.Popen(
        [
            *(*pinned, sys.executable, "-m", "ml"),
            *(*arguments, "--strategy", "multi-worker"),
        ],
        env=os.environ | {"TF_CONFIG": json.dumps(place), "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
