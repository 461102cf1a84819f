"""No picture keeps a decoder busy: one bomb a format, and what goes on beside it.

`python -m tests.bench.decode` measures all of them, at the limit that holds.
"""

import base64
import os
import threading
import time

import psutil
import pytest
from django.conf import LazySettings
from django.test import Client

from labeling.contributions import offers
from labeling.errors import Refused
from ml.vision import decode, decoder_pool
from tests.support import image_files
from tests.support.bombs import BOMBS, scans_that_hide
from tests.support.cpu_time import family_seconds
from tests.support.factories import make_face, make_face_jpeg, make_photo

SHORT = 0.1  # seconds of work, so that many bombs make a short test
AT_MOST = 10 * SHORT  # the start of a new process included

ONE_EACH = (
    "refinements.jpg",
    "comments.jpg",
    "mpo-overlap.jpg",
    "profiles.png",
    "exif-overlap.png",
    "comments.gif",
    "frames.webp",
    "runs.bmp",
    "strips.tiff",
    "tiles.avif",
    "tiles.heic",
)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_pool, "MAX_CPU", SHORT)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", ONE_EACH)
def test_a_bomb_of_any_format_is_read_or_ended_in_time(name: str) -> None:
    bomb = BOMBS[name]()
    before = family_seconds()
    try:
        decode.load(bomb)
    except decode.BadPicture as why:
        assert why.code in {"too_complex", "broken"}
    assert family_seconds() - before < AT_MOST


def test_work_ends_at_the_limit_and_the_next_picture_is_read() -> None:
    with pytest.raises(decode.BadPicture) as refusal:
        decode.load(scans_that_hide(4000, 2000))
    assert refusal.value.code == "too_complex"
    assert decode.load(image_files.GOOD["photo.png"]()).rgb.shape == (240, 320, 3)


@pytest.mark.usefixtures("short")
def test_while_a_bomb_burns_and_after_it_large_photos_are_read() -> None:
    large = image_files.encoded(image_files.scene(1600, 1200), "BMP")
    bomb = scans_that_hide(4000, 2000)
    burning = threading.Thread(
        target=lambda: pytest.raises(decode.BadPicture, decode.load, bomb)
    )
    burning.start()
    read = [decode.load(large).rgb.shape for _ in range(3)]
    burning.join()
    assert [*read, decode.load(large).rgb.shape] == [(1200, 1600, 3)] * 4


def test_a_decoder_that_hangs_is_ended_too(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = image_files.GOOD["photo.png"]()
    monkeypatch.setattr(decoder_pool, "MAX_WALL", 0.3)
    monkeypatch.setattr(decoder_pool, "_idle", [])
    decoder = decoder_pool._Decoder()
    decoder_pool._idle.append(decoder)
    psutil.Process(decoder._process.pid).suspend()
    with pytest.raises(decode.BadPicture) as refusal:
        decode.load(photo)
    assert refusal.value.code == "too_complex"
    assert decoder._process.returncode is not None


def test_a_decoder_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "nobody knows")
    monkeypatch.setattr(decoder_pool, "_idle", [])
    decode.load(image_files.GOOD["photo.png"]())
    decoder = psutil.Process(decoder_pool._idle[0]._process.pid)
    assert "SECRET_KEY" in os.environ
    assert "SECRET_KEY" not in decoder.environ()


def test_a_decoder_ends_with_whoever_started_it() -> None:
    decoder = decoder_pool._Decoder()
    decoder._socket.close()
    assert decoder._process.wait(timeout=60) == 0


@pytest.mark.parametrize(
    "crop",
    [
        image_files.encoded(make_face(side=256), "JPEG", progressive=True),
        image_files.encoded(make_face(side=300), "JPEG"),
        image_files.encoded(make_face(side=256)[:100], "JPEG"),
        image_files.encoded(make_face(side=128), "PNG"),
        image_files.BAD["1000-scans.jpg"].make(),
    ],
    ids=["progressive", "large", "not-square", "png", "bomb"],
)
def test_what_is_not_built_as_a_crop_is_refused_unopened(crop: bytes) -> None:
    before = family_seconds()
    with pytest.raises((Refused, decode.BadPicture)) as refusal:
        offers.open_crop(crop)
    assert refusal.value.code in {"not_a_crop", "not_a_picture"}
    assert family_seconds() - before < 1


@pytest.mark.django_db
@pytest.mark.usefixtures("short", "champion")
class TestTheSite:
    def test_it_refuses_a_bomb_at_each_door(self, client: Client) -> None:
        bomb = scans_that_hide(2000, 8000)
        sent = {"data": bomb, "content_type": "application/octet-stream"}
        assert client.post("/api/v1/detect", **sent).status_code == 413
        for path in ("/detect/", "/contribute/"):
            photo = image_files.io.BytesIO(bomb)
            photo.name = "bomb.jpg"
            answer = client.post(path, {"photo": photo})
            assert answer.status_code == 413
            assert "takes too long to open" in answer.text

    @pytest.mark.parametrize("path", ["/detect/", "/contribute/", "/api/v1/detect"])
    def test_a_few_bombs_use_up_the_rate(
        self, client: Client, path: str, settings: LazySettings
    ) -> None:
        settings.DETECT_RATE = (20, 60)
        statuses = []
        for _ in range(5):
            photo = image_files.io.BytesIO(image_files.BAD["1000-scans.jpg"].make())
            photo.name = "bomb.jpg"
            statuses.append(client.post(path, {"photo": photo}).status_code)
        assert statuses == [413] * 4 + [429]

    def test_a_crop_is_counted_and_bounded(
        self, client: Client, settings: LazySettings
    ) -> None:
        settings.DETECT_RATE = (2, 60)
        for jpeg, said in (
            (image_files.BAD["1000-scans.jpg"].make(), "open"),
            (make_face_jpeg(), "emotion"),
        ):
            crop = base64.b64encode(jpeg).decode()
            fields = {"crop": crop, "token": "x", "emotion": "sad"}
            start = time.process_time()
            assert said in client.post("/contribute/", fields).text
            assert time.process_time() - start < 2
        assert client.post("/contribute/", fields).status_code == 429
        photo = image_files.io.BytesIO(make_photo(29))
        photo.name = "photo.jpg"
        assert client.post("/contribute/", {"photo": photo}).status_code == 429
