"""The corpus of `image_files.py` at the doors: page and API say the same, kindly."""

import gc
from io import BytesIO

import psutil
import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils.html import escape

from tests.support import factories, image_files
from webapp.http.error_responses import IMAGE_ERRORS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("champion")]

STATUS = {code: status for code, (status, _sentence) in IMAGE_ERRORS.items()}


def test_every_reason_has_a_sentence_and_a_status() -> None:
    from typing import get_args

    from ml.vision.decode import Code

    assert set(IMAGE_ERRORS) == set(get_args(Code))
    assert set(STATUS.values()) == {400, 413, 415}


@pytest.mark.parametrize("name", image_files.BAD)
def test_the_api_refuses_it_with_code_and_sentence(client: Client, name: str) -> None:
    bad = image_files.BAD[name]
    answer = client.post(
        "/api/v1/detect", bad.make(), content_type="application/octet-stream"
    )
    assert answer.status_code == STATUS[bad.code]
    error = answer.json()["error"]
    assert error == {"code": bad.code, "message": str(IMAGE_ERRORS[bad.code][1])}


@pytest.mark.parametrize("name", image_files.BAD)
def test_the_page_refuses_it_with_the_same_sentence(client: Client, name: str) -> None:
    bad = image_files.BAD[name]
    answer = client.post("/detect/", {"photo": _file(bad.make(), name)})
    assert answer.status_code == STATUS[bad.code]
    assert escape(str(IMAGE_ERRORS[bad.code][1])) in answer.text
    assert name in answer.text


@pytest.mark.parametrize("name", image_files.GOOD)
def test_every_odd_but_good_picture_is_looked_at(client: Client, name: str) -> None:
    photo = image_files.GOOD[name]()
    answer = client.post("/detect/", {"photo": _file(photo, name)})
    assert answer.status_code == 200
    of_api = client.post("/api/v1/detect", {"photo": _file(photo, name)})
    assert of_api.status_code == 200


def test_more_bytes_than_are_read_are_refused_not_kept(client: Client) -> None:
    photo = factories.make_photo(29) + bytes(21 * 2**20)
    answer = client.post("/detect/", {"photo": _file(photo, "large.jpg")})
    assert answer.status_code == 413
    assert "larger than 20 MB" in answer.text


def test_a_request_beyond_all_measure_is_refused(client: Client) -> None:
    for path in ("/detect/", "/api/v1/detect"):
        answer = client.post(
            path, {"photo": _file(b"x", "x.jpg")}, CONTENT_LENGTH=str(2**30)
        )
        assert answer.status_code == 413


@pytest.mark.slow
def test_the_server_keeps_its_memory_and_goes_on(
    client: Client, settings: LazySettings
) -> None:
    settings.DETECT_RATE = None  # the picture that is too complex counts for many
    process = psutil.Process()
    corpus = [bad.make() for bad in image_files.BAD.values()]

    def all_of_them() -> int:
        for bad in corpus:
            client.post("/api/v1/detect", bad, content_type="application/octet-stream")
        gc.collect()
        return int(process.memory_info().rss)

    all_of_them()
    before = all_of_them()
    for _ in range(3):
        after = all_of_them()
    assert after - before < 30 * 2**20
    answer = client.post(
        "/api/v1/detect", factories.make_photo(29), content_type="image/jpeg"
    )
    assert len(answer.json()["faces"]) == 1


def _file(content: bytes, name: str) -> BytesIO:
    file = BytesIO(content)
    file.name = name
    return file
