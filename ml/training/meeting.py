"""Processes that train together wait for each other, before TensorFlow does.

TensorFlow waits for ever, deaf to signals, and does not say for whom. Here each
process listens where it will be reached and calls all others there, so that a machine
that never comes, or a port that is closed, is found within a limit and named.
"""

import selectors
import socket
import time
from collections.abc import Sequence
from contextlib import suppress

from ml.errors import BadInput, WorkerLost

TRY_EVERY = 0.25  # seconds


def wait_for_all(workers: Sequence[str], index: int, *, seconds: float) -> None:
    """Return once this process, `workers[index]`, has reached all others and been
    reached by them. Raises BadInput, and WorkerLost after `seconds`."""
    places = [_place(address) for address in workers]
    others = set(range(len(workers))) - {index}
    to_reach, to_come = set(others), set(others)
    end = time.monotonic() + seconds
    with _listen(places[index]) as door:
        while to_reach or to_come:
            if time.monotonic() > end:
                raise WorkerLost(_who(workers, to_reach, to_come, seconds))
            to_reach -= {n for n in to_reach if _reach(places[n], index)}
            to_come -= _come(door)


def _place(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise BadInput(f"{address} is no address as in host:7070")
    return host.strip("[]"), int(port)


def _listen(place: tuple[str, int]) -> socket.socket:
    try:
        door = socket.create_server(("", place[1]))
    except OSError as error:
        raise BadInput(f"port {place[1]} cannot be listened on: {error}") from error
    door.setblocking(False)
    return door


def _reach(place: tuple[str, int], index: int) -> bool:
    try:
        with socket.create_connection(place, timeout=2) as line:
            line.sendall(b"%d\n" % index)
    except OSError:
        return False
    return True


def _come(door: socket.socket) -> set[int]:
    """The numbers of those who called since."""
    came: set[int] = set()
    with selectors.DefaultSelector() as ready:
        ready.register(door, selectors.EVENT_READ)
        if not ready.select(TRY_EVERY):
            return came
    with suppress(OSError, ValueError):
        while True:
            line, _address = door.accept()
            with line, suppress(OSError, ValueError):
                line.settimeout(2)
                came.add(int(line.recv(16)))
    return came


def _who(
    workers: Sequence[str], to_reach: set[int], to_come: set[int], seconds: float
) -> str:
    missing = ", ".join(workers[n] for n in sorted(to_reach))
    if missing:
        return f"{missing} could not be reached for {seconds:.0f} s"
    silent = ", ".join(workers[n] for n in sorted(to_come))
    return f"{silent} did not reach this process for {seconds:.0f} s"
