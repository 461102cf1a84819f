"""How long the site takes to be ready, and to end, as its supervisor starts it.

python -m tests.bench.start
"""

import os
import platform
import signal
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil

from tests.bench.parts import page
from tests.support.supervised_site import SupervisedSite, gone, until

TIMES = 2


class Moment(NamedTuple):
    """Seconds on the clock, and of processor time by all processes together."""

    seconds: float
    work: float


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        site = SupervisedSite(Path(name) / "data", is_safe=True)
        try:
            measure(site)
        finally:
            site.clean()


def measure(site: SupervisedSite) -> None:
    first = start(site)
    quiet, crashed, ended = [], [], []
    for _ in range(TIMES):
        ended.append(end(site, signal.SIGTERM))
        quiet.append(start(site))
    for _ in range(TIMES):
        end(site, signal.SIGKILL)
        crashed.append(start(site))
    memory = sum(process.memory_info().rss for process in site.family()) / 2**20
    rows = [
        line("the first start, with an empty database", [first]),
        line("a later start", quiet),
        line("a start after SIGKILL of the supervisor", crashed),
        ["an end by SIGTERM", f"{statistics.median(ended):.1f}", ""],
    ]
    page.write_section(
        "start",
        f"""## Starting and ending

The whole site on {os.cpu_count()} cores ({platform.machine()}), load
{os.getloadavg()[0]:.1f}; medians of {TIMES}.

{page.table(["", "s", "s of processor time"], rows)}

Memory of all its processes together: {memory:.0f} MB (what they share counts for each).
""",
    )


def line(what: str, moments: list[Moment]) -> list[str]:
    return [
        what,
        *(f"{statistics.median(column):.1f}" for column in zip(*moments, strict=True)),
    ]


def start(site: SupervisedSite) -> Moment:
    began = time.perf_counter()
    process = psutil.Process(site.run().pid)
    seconds = time.perf_counter() - began
    used = [one.cpu_times() for one in (process, *site.family())]
    ended = process.cpu_times()  # and of those that are gone
    work = sum(times.user + times.system for times in used)
    return Moment(seconds, work + ended.children_user + ended.children_system)


def end(site: SupervisedSite, number: signal.Signals) -> float:
    process, family = site.run(), site.family()
    began = time.perf_counter()
    process.send_signal(number)
    process.wait()
    until(lambda: gone(family))
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
