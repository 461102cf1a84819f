"""The real server under clients that post photos as fast as they are answered.

    FACE_DETECTOR=… PHOTOS=… python -m tests.bench.load

Prints photos a second, p50 and p95, errors and memory for 1 to 64 clients; at 64 the
server is meant to turn some away, quickly.
"""

import http.client
import multiprocessing
import os
import platform
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from tests.bench import served_site
from tests.bench.parts import page
from tests.bench.serving import MANY_FACES, ONE_FACE, make_vga
from tests.support.real_data import FACE_DETECTOR, PHOTOS

CLIENTS = (1, 4, 8, 16, 64)
SECONDS = float(os.environ.get("SECONDS", "10"))
FLAT_OVER = 2000  # photos
PATH = "/api/v1/detect"
HEADERS = {"Content-Type": "image/jpeg"}


@dataclass(frozen=True)
class Figures:
    clients: int
    seconds: float
    answers: list[tuple[int, float, bool]]  # status, seconds, has Retry-After

    @property
    def row(self) -> list[str]:
        good = sorted(took for status, took, _ in self.answers if status == 200)
        away = sorted(took for status, took, _ in self.answers if status == 503)
        errors = len(self.answers) - len(good) - len(away)
        longest = f"{away[-1] * 1000:.0f}" if away else "–"
        return [
            str(self.clients),
            f"{len(good) / self.seconds:.0f}",
            f"{statistics.median(good) * 1000:.0f}",
            f"{good[int(len(good) * 0.95)] * 1000:.0f}",
            str(errors),
            str(len(away)),
            longest,
        ]


def main() -> None:
    if not PHOTOS or not FACE_DETECTOR:
        sys.exit("load: set PHOTOS and FACE_DETECTOR to the photos and to YuNet.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one, many = (
            make_vga(PHOTOS / photo, folder).read_bytes()
            for photo in (ONE_FACE, MANY_FACES)
        )
    with served_site.running() as site:
        drive(site.port, one, clients=4, seconds=3)  # to warm up
        figures = [drive(site.port, one, clients=n, seconds=SECONDS) for n in CLIENTS]
        crowd = drive(site.port, many, clients=8, seconds=SECONDS)
        before = site.memory()
        drive(site.port, one, clients=8, photos=FLAT_OVER)
        after = site.memory()
    text = report(figures, crowd, before, after)
    page.write_section("load", text)
    print(text)


def drive(
    port: int,
    photo: bytes,
    *,
    clients: int,
    seconds: float = 600,
    photos: int | None = None,
) -> Figures:
    """In a process of its own, so that clients and bench do not share a lock."""
    ours, theirs = multiprocessing.Pipe()
    arguments = (theirs, port, photo, clients, seconds, photos)
    process = multiprocessing.get_context("spawn").Process(
        target=_clients, args=arguments
    )
    process.start()
    took, answers = ours.recv()
    process.join()
    return Figures(clients, took, answers)


def _clients(
    pipe: Connection,
    port: int,
    photo: bytes,
    clients: int,
    seconds: float,
    photos: int | None,
) -> None:
    answers: list[tuple[int, float, bool]] = []
    began = time.perf_counter()

    def is_over() -> bool:
        late = time.perf_counter() - began > seconds
        return late or (photos is not None and len(answers) >= photos)

    def post() -> None:
        server = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while not is_over():
            start = time.perf_counter()
            try:
                server.request("POST", PATH, photo, HEADERS)
                answer = server.getresponse()
                answer.read()
                comes_back = "Retry-After" in answer.headers
                status = answer.status
            except (OSError, http.client.HTTPException):
                server.close()
                comes_back, status = False, 0
            took = time.perf_counter() - start
            answers.append((status, took, comes_back))
            if status == 503:  # a client that does as it is told, only less patient
                time.sleep(0.2)

    threads = [threading.Thread(target=post) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send((time.perf_counter() - began, answers))


def report(
    figures: list[Figures], crowd: Figures, before: list[float], after: list[float]
) -> str:
    head = ["clients", "photos/s", "p50 ms", "p95 ms", "errors"]
    head += ["turned away (503)", "after at most ms"]
    rows = [one.row for one in figures]
    crowd_row = crowd.row
    crowd_row[0] = "8, a photo of 15 faces"
    statuses = Counter(status for one in figures for status, *_ in one.answers)
    lasting = ", ".join(f"{mb:.0f}" for mb in before)
    lasted = ", ".join(f"{mb:.0f}" for mb in after)
    away = [back for one in figures for status, _, back in one.answers if status == 503]
    told = "yes" if all(away) else "no"
    return f"""## Under load

Two web processes with the champion and the embedded services; 640×480 photos with one
face, posted to `{PATH}` by clients on the same {os.cpu_count()} cores
({platform.processor() or platform.machine()}, load average {os.getloadavg()[0]:.1f}),
{SECONDS:.0f} s each.

{page.table(head, [*rows, crowd_row])}

Answers by status: {dict(statuses)}; every 503 carried `Retry-After`: {told}.
Memory of each web process: {lasting} MB; after {FLAT_OVER} more photos {lasted} MB."""


if __name__ == "__main__":
    main()
