"""Photographs of every page, in both themes and two widths, of drawn people.

    FACE_DETECTOR=… python docs/screenshots.py [NAME …]

Starts a site of its own, fills it a little, and writes
docs/screenshots/NAME-{wide,phone}-{light,dark}.png. Needs chromium on PATH and a font
with coloured emojis (on Debian: fonts-noto-color-emoji).
"""

import io
import itertools
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import cv2  # noqa: E402
from PIL import Image  # noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from tests.bench import served_site  # noqa: E402
from tests.support.drawn_people import PEOPLE, portrait  # noqa: E402
from tests.support.fake_camera import drawn, launch, shoot, with_camera  # noqa: E402

OUT = ROOT / "docs" / "screenshots"
CHAMPION = json.loads((ROOT / "models/base/card.json").read_text())["name"]
SIZES = {"wide": (1280, 900), "phone": (390, 844)}
THEMES = ("light", "dark")
TALLEST = 1800  # px; a longer page is cut
COLOURS = 256  # of the saved palette: a third of the size, no visible loss
PASSWORD = "a-password-for-pictures"  # noqa: S105


def upload(page: Page, *people: str) -> None:
    page.goto("/")
    photo = cv2.imencode(".jpg", portrait(*people)[..., ::-1])[1].tobytes()
    file = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": photo}
    page.set_input_files("#photo", [file])
    page.wait_for_selector("[data-result]")


def give(page: Page) -> None:
    upload(page, "surprise")
    page.click(".ask button[value=happy]")
    page.wait_for_selector(".give")


def camera(page: Page) -> None:
    page.goto("/")
    page.click("[data-camera-open]")
    page.wait_for_timeout(1500)


def live(page: Page) -> None:
    page.goto("/live/")
    page.click("[data-start]")
    page.wait_for_selector("[data-live][data-timing]")
    page.wait_for_timeout(6000)


def avatar(page: Page) -> None:
    live(page)
    page.click("[data-avatar]")
    page.wait_for_timeout(1500)


def summary(page: Page) -> None:
    live(page)
    page.click("[data-stop]")
    page.wait_for_selector("[data-summary]:not([hidden])")


def address(path: str) -> Callable[[Page], None]:
    return lambda page: (page.goto(path), page.wait_for_timeout(300))[1]


OPEN: dict[str, Callable[[Page], None]] = {
    "try": address("/"),
    "result": lambda page: upload(page, "happy"),
    "result-three": lambda page: upload(page, "surprise", "happy", "neutral"),
    "give": give,
    "camera": camera,
    "booth": address("/booth/"),
    "live": live,
    "live-avatar": avatar,
    "live-summary": summary,
    "contribute": address("/contribute/"),
    "vote": address("/vote/"),
    "withdraw": address("/withdraw/"),
    "data": address("/data/"),
    "models": address("/models/"),
    "model": address(f"/models/{CHAMPION}/"),
    "about": address("/about/"),
    "privacy": address("/privacy/"),
    "terms": address("/terms/"),
    "sign-in": address("/accounts/login/"),
    "sign-up": address("/accounts/signup/"),
    "api": address("/api/docs/"),
    "not-found": address("/nothing/"),
}
SIGNED_IN: dict[str, Callable[[Page], None]] = {
    "my": address("/my/"),
    "account": address("/account/"),
    "review": address("/review/"),
    "training": address("/training/"),
    "report": address("/training/1/"),
    "run": address("/training/2/"),
}


def main() -> None:
    chosen = set(sys.argv[1:]) or OPEN.keys() | SIGNED_IN.keys()
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, served_site.running() as site:
        clip = shoot(Path(folder) / "clip.mjpeg", drawn())
        with sync_playwright() as playwright:
            browser = launch(playwright, *with_camera(clip))
            # Runs come last, so that no public page shows their round figures.
            for fill, pages in ((fill_faces, OPEN), (fill_runs, SIGNED_IN)):
                fill()
                for size, theme in itertools.product(SIZES, THEMES):
                    photograph(browser, site.url, size, theme, chosen & pages.keys())
            browser.close()


def photograph(
    browser: Browser, url: str, size: str, theme: str, names: set[str]
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        base_url=url,
        viewport={"width": width, "height": height},
        color_scheme=theme,  # type: ignore[arg-type]
        permissions=["camera"],
        reduced_motion="reduce",
    )
    page = context.new_page()
    if names & SIGNED_IN.keys():
        sign_in(page)
    for name in names:
        (OPEN | SIGNED_IN)[name](page)
        # A modal dialog stands over the window, not over the whole page.
        whole = name not in ("camera",)
        save(page.screenshot(full_page=whole), f"{name}-{size}-{theme}")
        print(f"{name}-{size}-{theme}", flush=True)
    context.close()


def sign_in(page: Page) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", "ada@example.org")
    page.fill("[name=password]", PASSWORD)
    page.click("main form button")
    page.wait_for_url("**/")


def save(png: bytes, name: str) -> None:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture = picture.crop((0, 0, picture.width, min(picture.height, TALLEST)))
    # The octree keeps rare colours, as the bars have; median cut gives them away.
    small = picture.quantize(COLOURS, method=Image.Quantize.FASTOCTREE)
    small.save(OUT / f"{name}.png", optimize=True)


def fill_faces() -> None:
    """A few people and faces, in the database of the running site."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "webapp.config.settings"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "yes"  # Playwright keeps a loop running
    import django

    django.setup()
    from django.utils import timezone

    from tests.support.factories import make_contribution, make_user

    ada = make_user("ada", "reviewer", "trainer")
    ada.set_password(PASSWORD)
    ada.save()
    for number in range(3):
        for name in PEOPLE:
            face = portrait(name, width=256, height=256)
            status = ("waiting", "accepted", "waiting")[number]
            make_contribution(
                jpeg=cv2.imencode(".jpg", face[..., ::-1])[1].tobytes(),
                emotion=name,
                giver=ada if number else None,
                status=status,
                may_be_seen=True,
                screened_at=timezone.now(),
            )


def fill_runs() -> None:
    """One that was examined, and one that is learning."""
    from tests.support.exam_reports import make_examined, make_learning

    make_examined()
    make_learning()


if __name__ == "__main__":
    main()
