"""Chromium with a fake camera that plays a clip: of the photos where PHOTOS is set, and
of drawn people otherwise."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, Playwright

from tests.support.drawn_people import portrait
from tests.support.real_data import PHOTOS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CAMERA = ("--use-fake-device-for-media-stream",)


def launch(playwright: Playwright, *arguments: str) -> Browser:
    return playwright.chromium.launch(
        executable_path=CHROMIUM, args=["--no-sandbox", *arguments]
    )


def with_camera(clip: Path) -> tuple[str, ...]:
    return (*CAMERA, f"--use-file-for-fake-video-capture={clip}")


def shoot(path: Path, stills: list[NDArray[np.uint8]]) -> Path:
    """Motion JPEG, 640×480 at 30 frames a second; every still sways for two seconds."""
    with path.open("wb") as file:
        for still in stills:
            for frame in _sway(still):
                file.write(cv2.imencode(".jpg", frame[..., ::-1])[1].tobytes())
    return path


def _sway(still: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    for step in range(60):
        sway = int(24 * np.sin(2 * np.pi * step / 60))
        left = (still.shape[1] - 640) // 2 + sway
        yield still[:480, left : left + 640]


def drawn() -> list[NDArray[np.uint8]]:
    names = ("happy", "surprise", "neutral")
    return [portrait(name, width=720, height=480) for name in names]


def photographed() -> list[NDArray[np.uint8]]:
    if PHOTOS is None:
        return drawn()
    stills = []
    for name in ("obama.jpg", "emo_a5.jpg", "emo_a6.jpg"):
        photo = cv2.imread(str(PHOTOS / name))
        assert photo is not None
        scale = 720 / photo.shape[1]
        stills.append(cv2.resize(photo, None, fx=scale, fy=scale)[..., ::-1])
    return stills
