"""Pages in Chromium as on a middling phone: layout shift, the longest task, and when
the largest part is painted.

    FACE_DETECTOR=… python -m tests.bench.pages

The processor is slowed to a quarter. A good page shifts by less than .1, blocks for
less than 200 ms at once and is painted within 2.5 s (Web Vitals).
"""

import os
import platform

from playwright.sync_api import Browser, Page, sync_playwright

from tests.bench import served_site
from tests.bench.parts import page
from tests.support.fake_camera import launch

PATHS = ("/", "/live/", "/contribute/", "/vote/", "/models/", "/data/", "/about/")
SLOWER = 4
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
WATCH = """
window.seen = { shift: 0, longest: 0, painted: 0 };
const watch = (type, note) => new PerformanceObserver(
  (list) => list.getEntries().forEach(note)).observe({ type, buffered: true });
watch("layout-shift", (e) => { if (!e.hadRecentInput) seen.shift += e.value; });
watch("longtask", (e) => { seen.longest = Math.max(seen.longest, e.duration); });
watch("largest-contentful-paint", (e) => { seen.painted = e.startTime; });
"""


def main() -> None:
    with served_site.running() as site, sync_playwright() as playwright:
        browser = launch(playwright)
        rows = [
            [what, *figures]
            for what in (*PATHS, "a sample's result")
            for figures in [measure(browser, site.url, what)]
        ]
        browser.close()
    head = [f"{size}: {of}" for size in SIZES for of in ("shift", "task", "paint")]
    text = f"""## Pages

In Chromium at a quarter of this processor's speed ({os.cpu_count()} cores,
{platform.machine()}, load average {os.getloadavg()[0]:.1f}): layout shift, the longest
task in ms, the largest part painted after ms.

{page.table(["", *head], rows)}
"""
    page.write_section("pages", text)
    print(text)


def measure(browser: Browser, url: str, what: str) -> list[str]:
    cells = []
    for width, height in SIZES.values():
        context = browser.new_context(
            base_url=url, viewport={"width": width, "height": height}
        )
        visitor = context.new_page()
        visitor.add_init_script(WATCH)
        slowed = context.new_cdp_session(visitor)
        slowed.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        visit(visitor, what)
        seen = visitor.evaluate("seen")
        cells += [f"{seen['shift']:.3f}", f"{seen['longest']:.0f}"]
        cells.append(f"{seen['painted']:.0f}")
        context.close()
    return cells


def visit(visitor: Page, what: str) -> None:
    visitor.goto(what if what in PATHS else "/")
    if what not in PATHS:
        visitor.locator("[data-samples] button").first.click()
        visitor.wait_for_selector("[data-result]")
    visitor.wait_for_timeout(1500)


if __name__ == "__main__":
    main()
