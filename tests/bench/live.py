"""The live page in Chromium with a camera of 640×480: answered frames a second, and
where the time of a frame goes.

    FACE_DETECTOR=… PHOTOS=… python -m tests.bench.live
"""

import json
import os
import platform
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.bench import served_site
from tests.bench.parts import page
from tests.support.fake_camera import launch, photographed, shoot, with_camera
from tests.support.real_data import FACE_DETECTOR, PHOTOS

SECONDS = float(os.environ.get("SECONDS", "20"))
STEPS = ("encode", "decode", "detect", "classify", "answer", "draw")


def main() -> None:
    if not PHOTOS or not FACE_DETECTOR:
        sys.exit("live: set PHOTOS and FACE_DETECTOR to the photos and to YuNet.")
    with tempfile.TemporaryDirectory() as name, served_site.running() as site:
        clip = shoot(Path(name) / "clip.mjpeg", photographed())
        looks, seconds, timing = watch(site.url, clip)
    text = report(looks / seconds, timing)
    page.write_section("live", text)
    print(text)


def watch(url: str, clip: Path) -> tuple[int, float, dict[str, float]]:
    """Looks and seconds of one session, and the mean ms of each step at its end."""
    with sync_playwright() as playwright:
        browser = launch(playwright, *with_camera(clip))
        visitor = browser.new_page(
            permissions=["camera"], viewport={"width": 1280, "height": 900}
        )
        visitor.goto(f"{url}/live/")
        visitor.click("[data-start]")
        visitor.wait_for_timeout(SECONDS * 1000)
        timing = json.loads(visitor.get_attribute("[data-live]", "data-timing") or "{}")
        visitor.click("[data-stop]")
        with visitor.expect_download() as saved:
            visitor.click("[data-save=json]")
        summary = json.loads(Path(saved.value.path()).read_text())
        browser.close()
    return summary["looks"] - 1, summary["seconds"], timing


def report(rate: float, timing: dict[str, float]) -> str:
    on_server = sum(timing[step] for step in ("decode", "detect", "classify", "answer"))
    rows = [[step, f"{timing[step]:.1f}"] for step in STEPS]
    rows.insert(1, ["upload, waiting, download", f"{timing['fetch'] - on_server:.1f}"])
    rows.append(["from frame to answer", f"{timing['total']:.1f}"])
    return f"""## The live view

**{rate:.1f} answered frames a second** over {SECONDS:.0f} s: one viewer, a camera of
640×480, Chromium and server on the same {os.cpu_count()} cores
({platform.processor() or platform.machine()}), load average {os.getloadavg()[0]:.1f}.

{page.table(["a frame's time", "ms"], rows)}"""


if __name__ == "__main__":
    main()
