from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from labeling.models import ModelVersion
from labeling.registry import model_versions, serving
from tests.support import tiny_model
from tests.support.real_data import FACE_DETECTOR, needs_face_detector
from webapp.presenters import samples

pytestmark = [pytest.mark.django_db, needs_face_detector]


@pytest.fixture
def shipped(settings: Any) -> Any:
    settings.FACE_DETECTOR = FACE_DETECTOR
    serving.forget()
    yield model_versions.register_shipped(Path(settings.MODELS_DIR) / "base")
    serving.forget()


def test_the_model_that_is_shipped_reads_the_drawn_faces(shipped: ModelVersion):
    seen = samples.all_seen()
    assert [(one.name, one.emotion.value) for one in seen] == [
        (name, name) for name in samples.NAMES
    ]
    assert all(one.face.is_sure for one in seen)


def test_what_is_said_of_them_is_the_present_models_word(
    champion: ModelVersion, tmp_path: Path
):
    before = samples.all_seen()
    assert {one.detection.model for one in before} == {champion.name}
    assert [one.detection for one in samples.all_seen()] == [
        one.detection for one in before
    ]  # looked at once
    tiny_model.make_artefact(tmp_path / "next", name="next")
    following = model_versions.register_shipped(tmp_path / "next")
    serving.forget()
    assert {one.detection.model for one in samples.all_seen()} == {following.name}


def test_nobody_can_give_a_face_that_was_drawn(champion: ModelVersion):
    assert [one.face.token for one in samples.all_seen()] == [None] * 3


def test_without_a_model_nothing_is_said_of_them(client: Client):
    serving.forget()
    assert samples.all_seen() == []
    page = client.get("/").text
    assert "data-samples" not in page
    assert client.post("/detect/", {"sample": "happy"}).status_code == 503


def test_the_first_page_shows_them_and_one_click_the_whole_result(
    client: Client, champion: ModelVersion
):
    page = client.get("/").text
    assert page.count('class="sample ') == 3
    result = client.post("/detect/", {"sample": "surprise"})
    assert result.status_code == 200
    assert result.text.count('class="bar "') == 7
    assert "We drew this face" in result.text
    assert "Is this right?" not in result.text


def test_a_sample_that_there_is_not_is_no_photo(client: Client):
    assert client.post("/detect/", {"sample": "../x"}).status_code == 400


def test_they_are_small():
    folder = settings.BASE_DIR / "webapp" / "static" / "samples"
    sizes = [path.stat().st_size for path in folder.iterdir()]
    assert len(sizes) == 3
    assert max(sizes) < 30_000
