"""The live page in Chromium with a camera of 640×480, by the site and on the device:
answered frames a second, where the time of a frame goes, and what it costs the site.

    FACE_DETECTOR=… PHOTOS=… [SECONDS=600] python -m tests.bench.live
"""

import json
import os
import platform
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import psutil
from numpy.typing import NDArray
from playwright.sync_api import Page, sync_playwright

from tests.bench import served_site
from tests.bench.parts import page
from tests.bench.served_site import Site
from tests.support.fake_camera import launch, photographed, shoot, with_camera
from tests.support.real_data import FACE_DETECTOR, PHOTOS

SECONDS = float(os.environ.get("SECONDS", "20"))
STEPS = ("encode", "decode", "detect", "classify", "answer", "fetch", "draw", "total")
BY_SITE, ON_DEVICE = "by the site", "on the device"
# Without it the page takes the way by the site, as in an old browser.
NO_WEBASSEMBLY = "delete globalThis.WebAssembly"
WATCH_TASKS = """
    window.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        window.longest = Math.max(window.longest, duration);
      }
    }).observe({ entryTypes: ["longtask"] });
"""


@dataclass(frozen=True)
class Seen:
    """One session."""

    rate: float  # answered frames a second
    timing: dict[str, float]  # ms of each step, at its end
    longest_task: float  # ms that the page's own thread was held, 0 below 50
    memory: tuple[float, float]  # MB of the browser, at the beginning and at the end
    site_ms: float  # of processor time of the site, a frame
    browser_ms: float  # of all that the browser does, its fake camera among it


def main() -> None:
    if not PHOTOS or not FACE_DETECTOR:
        sys.exit("live: set PHOTOS and FACE_DETECTOR to the photos and to YuNet.")
    stills = {"one face": photographed(), "five faces": [five_people(PHOTOS)]}
    seen = {}
    with tempfile.TemporaryDirectory() as name, served_site.running() as site:
        for faces, pictures in stills.items():
            clip = shoot(Path(name) / f"{faces}.mjpeg", pictures)
            for way in (BY_SITE, ON_DEVICE):
                seen[way, faces] = watch(site, clip, way)
    text = report(seen)
    page.write_section("live", text)
    print(text)


def five_people(photos: Path) -> NDArray[np.uint8]:
    photo = cv2.imread(str(photos / "five_sofa.jpg"))
    assert photo is not None
    return np.asarray(cv2.resize(photo, (720, 540)), np.uint8)[..., ::-1]


def watch(site: Site, clip: Path, way: str) -> Seen:
    with sync_playwright() as playwright:
        browser = launch(playwright, *with_camera(clip))
        visitor = browser.new_page(
            permissions=["camera"], viewport={"width": 1280, "height": 900}
        )
        if way == BY_SITE:
            visitor.add_init_script(NO_WEBASSEMBLY)
        visitor.goto(f"{site.url}/live/")
        visitor.evaluate(WATCH_TASKS)
        visitor.click("[data-start]")
        visitor.wait_for_selector("[data-live][data-timing]")
        visitor.evaluate("window.longest = 0")
        before, memory = (processor_time(site), browser_time()), browser_memory()
        visitor.wait_for_timeout(SECONDS * 1000)
        after = processor_time(site), browser_time()
        memory_after = browser_memory()
        timing = json.loads(visitor.get_attribute("[data-live]", "data-timing") or "{}")
        longest = float(visitor.evaluate("window.longest"))
        summary = saved_summary(visitor)
        browser.close()
    rate = (summary["looks"] - 1) / summary["seconds"]
    site_ms, browser_ms = (
        1000 * (end - start) / (rate * SECONDS)
        for start, end in zip(before, after, strict=True)
    )
    return Seen(rate, timing, longest, (memory, memory_after), site_ms, browser_ms)


def saved_summary(visitor: Page) -> dict[str, float]:
    visitor.click("[data-stop]")
    with visitor.expect_download() as saved:
        visitor.click("[data-save=json]")
    summary: dict[str, float] = json.loads(Path(saved.value.path()).read_text())
    return summary


def processor_time(site: Site) -> float:
    """Seconds that the web processes have computed."""
    processes = [site.process, *site.process.children(recursive=True)]
    return sum(sum(one.cpu_times()[:2]) for one in processes)


def browser_time() -> float:
    """Seconds that Chromium has computed."""
    return sum(sum(one.cpu_times()[:2]) for one in browsers())


def browser_memory() -> float:
    """MB of all Chromium's processes."""
    return sum(one.memory_info().rss for one in browsers()) / 2**20


def browsers() -> list[psutil.Process]:
    children = psutil.Process().children(recursive=True)
    return [one for one in children if "chrom" in one.name()]


def report(seen: dict[tuple[str, str], Seen]) -> str:
    heads = [f"{faces}, {way}" for way, faces in seen]
    rows = [["**frames a second**", *(f"**{one.rate:.1f}**" for one in seen.values())]]
    rows += [
        [f"{step}, ms", *(_figure(one.timing.get(step)) for one in seen.values())]
        for step in STEPS
    ]
    rows.append(
        ["processor of the site, ms", *(f"{one.site_ms:.1f}" for one in seen.values())]
    )
    rows.append(
        [
            "processor of the browser, ms",
            *(f"{one.browser_ms:.1f}" for one in seen.values()),
        ]
    )
    rows.append(
        [
            "longest task of the page, ms",
            *(f"{one.longest_task:.0f}" for one in seen.values()),
        ]
    )
    rows.append(
        [
            "browser's memory, MB",
            *("{:.0f} → {:.0f}".format(*one.memory) for one in seen.values()),
        ]
    )
    return f"""## The live view

One viewer, a camera of 640×480, Chromium and server on the same {os.cpu_count()} cores
({platform.processor() or platform.machine()}), {SECONDS:.0f} s each, load average
{os.getloadavg()[0]:.1f}. Tasks below 50 ms are not counted (0). *By the site*, *decode*
to *answer* are the server's; *on the device* they are the browser's, and *decode* reads
the pixels of a frame.

{page.table(["of a frame", *heads], rows)}"""


def _figure(ms: float | None) -> str:
    return "" if ms is None else f"{ms:.1f}"


if __name__ == "__main__":
    main()
