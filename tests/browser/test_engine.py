"""The engine in Chromium says the same as the server, of the same pixels."""

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, Route

from labeling.detection import photos
from ml.vision import decode
from tests.browser.test_session_parity import in_javascript
from tests.browser.test_session_parity import in_python as session_in_python
from tests.support.drawn_people import PEOPLE, portrait
from tests.support.fake_camera import drawn
from tests.support.real_data import PHOTOS, needs_face_detector, needs_photos

pytestmark = [needs_face_detector, pytest.mark.usefixtures("shipped", "engine_files")]

ASK = """
    async ([how, address]) => {
      const { Engine } = await import("/static/js/engine/engine.js");
      if (!window.engine) {
        window.engine = new Engine("/engine/", "");
        await window.engine.open();
      }
      const blob = await (await fetch(address)).blob();
      return window.engine[how](await createImageBitmap(blob));
    }
"""


@pytest.fixture
def page(visit: Any) -> Page:
    opened: Page = visit("/about/")
    return opened


def in_browser(page: Page, rgb: NDArray[np.uint8], *, how: str) -> list[dict[str, Any]]:
    """As PNG, which Chromium decodes to the very same pixels."""
    options = [cv2.IMWRITE_PNG_COMPRESSION, 1]
    png = cv2.imencode(".png", rgb[..., ::-1], options)[1].tobytes()

    def answer(route: Route) -> None:
        route.fulfill(body=png, content_type="image/png")

    page.route("**/picture.png", answer)
    faces: list[dict[str, Any]] = page.evaluate(ASK, [how, "/picture.png"])["faces"]
    page.unroute("**/picture.png")
    return faces


def on_server(rgb: NDArray[np.uint8], *, how: str) -> list[photos.DetectedFace]:
    png = cv2.imencode(".png", rgb[..., ::-1])[1].tobytes()
    return photos.detect(png, is_live=how == "glance").faces


def assert_alike(page: Page, rgb: NDArray[np.uint8], *, how: str) -> int:
    mine, theirs = on_server(rgb, how=how), in_browser(page, rgb, how=how)
    assert len(mine) == len(theirs)
    for ours, other in zip(mine, theirs, strict=True):
        assert other["box"] == pytest.approx(ours.box, abs=1)
        assert other["score"] == pytest.approx(ours.score, abs=0.005)
        assert other["probabilities"] == pytest.approx(ours.probabilities, abs=0.005)
        assert other["doubt"] == ours.doubt
    return len(mine)


def turned(rgb: NDArray[np.uint8], degrees: int) -> NDArray[np.uint8]:
    height, width = rgb.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 0.8)
    whole = cv2.warpAffine(rgb, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(whole, np.uint8)


def test_of_drawn_people_upright_and_turned(page: Page) -> None:
    group = portrait(*PEOPLE, width=1600, height=900)
    assert assert_alike(page, group, how="glance") >= 5
    assert assert_alike(page, group, how="look") >= 5
    person = portrait("happy", width=700, height=700)
    for degrees in (20, 45, 180):
        assert assert_alike(page, turned(person, degrees), how="look") >= 1


@needs_photos
@pytest.mark.slow
def test_of_every_photo(page: Page) -> None:
    assert PHOTOS
    found = 0
    for photo in sorted({*PHOTOS.glob("*.jpg"), *PHOTOS.glob("*.png")}):
        rgb = decode.load(photo.read_bytes()).rgb
        found += assert_alike(page, rgb, how="look")
    assert found > 50


def test_of_a_film_tracks_and_figures_are_the_same(page: Page) -> None:
    still = np.hstack([drawn()[0], np.full((480, 240, 3), 200, np.uint8)])
    moved = [np.roll(still, 6 * step, axis=1)[:, :640] for step in range(12)]
    ours, theirs = [], []
    for step, frame in enumerate(map(np.ascontiguousarray, moved)):
        time = step / 10
        theirs.append((time, in_browser(page, frame, how="glance")))
        seen = on_server(frame, how="glance")
        faces = [
            {"box": list(face.box), "probabilities": face.probabilities}
            for face in seen
        ]
        ours.append((time, faces))
    told, said = in_javascript(page, theirs), session_in_python(ours)
    assert said["faces"] >= 1
    assert told["faces"] == said["faces"]
    assert told["shares"] == pytest.approx(said["shares"], abs=0.005)
    tracks = [[look[:2] for look in looks] for looks in said["seen"]]
    assert [[look[:2] for look in looks] for looks in told["seen"]] == tracks
