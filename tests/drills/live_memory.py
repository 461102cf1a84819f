"""Ten minutes of the live view on the device: the browser's memory stays flat.

    FACE_DETECTOR=… [PHOTOS=…] [MINUTES=10] python -m tests.drills.live_memory

What Chromium holds is read every fifteen seconds. The first two minutes are its own:
it compiles, and fills its caches. From then on, the median of the last third may be no
more than 50 MB above that of the first one, and the page's own heap no more than 5.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import CDPSession, Page, sync_playwright

from tests.bench import served_site
from tests.bench.live import browser_memory, saved_summary
from tests.support.fake_camera import launch, photographed, shoot, with_camera
from tests.support.real_data import FACE_DETECTOR

MINUTES = float(os.environ.get("MINUTES", "10"))
EVERY = 15  # seconds
WARM = 120  # seconds
MOST_GROWTH, MOST_HEAP_GROWTH = 50, 5  # MB


class Reading(NamedTuple):
    seconds: float
    browser: float  # MB, of all its processes
    heap: float  # MB, of the page's scripts, swept first


def main() -> None:
    if not FACE_DETECTOR:
        sys.exit("live_memory: set FACE_DETECTOR to YuNet.")
    with tempfile.TemporaryDirectory() as name, served_site.running() as site:
        clip = shoot(Path(name) / "clip.mjpeg", photographed())
        readings, rate = watch(site.url, clip)
    for one in readings:
        print(f"{one.seconds:6.0f} s {one.browser:7.0f} MB {one.heap:6.1f} MB of heap")
    print(f"{rate:.1f} frames a second")
    warm = [one for one in readings if one.seconds >= WARM] or readings
    grown = growth([one.browser for one in warm])
    heap = growth([one.heap for one in warm])
    print(f"grown after the first two minutes: {grown:+.0f} MB, heap {heap:+.1f} MB")
    if grown > MOST_GROWTH or heap > MOST_HEAP_GROWTH:
        sys.exit("live_memory: that is not flat.")


def watch(url: str, clip: Path) -> tuple[list[Reading], float]:
    with sync_playwright() as playwright:
        browser = launch(playwright, *with_camera(clip))
        visitor = browser.new_page(permissions=["camera"])
        visitor.goto(f"{url}/live/")
        visitor.click("[data-start]")
        visitor.wait_for_selector("[data-live][data-timing]", timeout=60_000)
        if "none is sent" not in visitor.inner_text("[data-where]"):
            sys.exit("live_memory: this browser sends its pictures to the site.")
        readings = read(visitor, visitor.context.new_cdp_session(visitor))
        summary = saved_summary(visitor)
        browser.close()
    return readings, summary["looks"] / summary["seconds"]


def read(visitor: Page, inside: CDPSession) -> list[Reading]:
    readings, began = [], time.monotonic()
    while (passed := time.monotonic() - began) <= MINUTES * 60:
        inside.send("HeapProfiler.collectGarbage")
        heap = inside.send("Runtime.getHeapUsage")["usedSize"] / 2**20
        readings.append(Reading(passed, browser_memory(), heap))
        visitor.wait_for_timeout(EVERY * 1000)
    return readings


def growth(values: list[float]) -> float:
    third = max(1, len(values) // 3)
    return statistics.median(values[-third:]) - statistics.median(values[:third])


if __name__ == "__main__":
    main()
