"""Decoders in processes of their own, which the kernel ends when they take too long.

For pictures whose work cannot be known by looking. Each process holds one picture at a
time; there are as many as were ever needed at once, and none before the first.
"""

import functools
import json
import math
import mmap
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

MAX_CPU = 1.8  # seconds of all cores together; 16 megapixels of HEIC take 0.9
MAX_WALL = 60.0  # seconds; only a decoder that hangs without working gets there
MEMORY = 2**26  # bytes, taken as they are used: 16 megapixels as RGB are 48 MB
KEPT_MEMORY = 2**24  # of these from one picture to the next

_ROOT = Path(__file__).resolve().parents[2]


class TooSlow(Exception):
    """The decoder was ended before the picture was read."""


@dataclass(frozen=True)
class Answer:
    """What `decoder_process` says: pixels and size, or why there are none."""

    told: dict[str, Any]
    rgb: NDArray[np.uint8] | None  # [h, w, 3]


def decode(data: bytes, max_side: int | None) -> Answer:
    """Let a process of its own read the picture. Raises TooSlow."""
    try:
        decoder = _idle.pop()
    except IndexError:  # all are at work
        decoder = _Decoder()
    answer = decoder.ask(data, max_side)
    _idle.append(decoder)
    return answer


class _Decoder:
    """A process, a socket to it, and memory that both see: for the file on its way
    there, for its pixels on their way back."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(MAX_WALL)
        with os.fdopen(os.memfd_create("picture"), "r+b") as file:
            file.truncate(MEMORY)
            self._memory = mmap.mmap(file.fileno(), MEMORY)
            given = theirs.fileno(), file.fileno(), _large_decode().fileno()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ml.vision.decoder_process", *map(str, given)],
                pass_fds=given,
                stdin=subprocess.DEVNULL,
                cwd=_ROOT,
                env=_environment(),
            )
        theirs.close()

    def ask(self, data: bytes, max_side: int | None) -> Answer:
        self._memory[: len(data)] = data
        order = {"bytes": len(data), "max_side": max_side, "max_cpu": MAX_CPU}
        try:
            self._socket.send(json.dumps(order).encode())
            said = self._socket.recv(4096)
        except OSError:  # it is gone, or hangs
            said = b""
        if not said:
            raise self._ended()
        told = json.loads(said)
        shape = told.get("shape")
        rgb = self._pixels(shape) if shape else None
        self._memory.madvise(mmap.MADV_REMOVE, KEPT_MEMORY, MEMORY - KEPT_MEMORY)
        return Answer(told, rgb)

    def _pixels(self, shape: list[int]) -> NDArray[np.uint8]:
        pixels = np.frombuffer(self._memory, np.uint8, math.prod(shape))
        return pixels.reshape(shape).copy()

    def _ended(self) -> Exception:
        self._socket.close()
        self._process.kill()
        status = self._process.wait()
        if status < 0:
            return TooSlow(signal.Signals(-status).name)
        return ChildProcessError(f"the decoder cannot run: exit status {status}")


def _environment() -> dict[str, str]:
    """No secrets for a process that opens strangers' files. From one picture to the
    next it keeps its memory: to get it anew takes up to a fifth of the time."""
    names = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG")
    return {
        **{name: os.environ[name] for name in names if name in os.environ},
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_MMAP_THRESHOLD_": str(2**25),
        "MALLOC_TRIM_THRESHOLD_": str(2**27),
    }


@functools.cache
def _large_decode() -> IO[bytes]:
    """A file that whoever reads a large picture locks."""
    return os.fdopen(os.memfd_create("large"), "r+b")


_idle: list[_Decoder] = []
os.register_at_fork(after_in_child=_idle.clear)  # sockets are not for two to read
