import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from django.core import signing

from labeling.detection import photos
from labeling.errors import Refused
from labeling.models import ModelVersion
from labeling.registry import model_versions, serving
from ml.emotions import EMOTIONS
from ml.vision import decode
from tests.support import factories, image_files, tiny_model
from tests.support.real_data import (
    FACE_DETECTOR,
    PHOTOS,
    needs_face_detector,
    needs_photos,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def yunet(settings: Any) -> None:
    settings.FACE_DETECTOR = FACE_DETECTOR


@pytest.fixture
def champion(tmp_path: Path) -> Iterator[ModelVersion]:
    tiny_model.make_artefact(tmp_path / "tiny", certainty_threshold=0.2)
    serving.forget()
    yield model_versions.register_shipped(tmp_path / "tiny")
    serving.forget()


@pytest.fixture
def two_heads(tmp_path: Path) -> Iterator[ModelVersion]:
    facts = {"label": {"certainty_threshold": 1.0}}
    facts["raters"] = {"certainty_threshold": 0.1}
    tiny_model.make_artefact(tmp_path / "two", heads=2, answers=facts)
    serving.forget()
    yield model_versions.register_shipped(tmp_path / "two")
    serving.forget()


def photo(name: str) -> bytes:
    assert PHOTOS
    return (PHOTOS / name).read_bytes()


def test_without_a_champion_nothing_can_be_looked_at() -> None:
    serving.forget()
    with pytest.raises(photos.NoModel):
        photos.detect(image_files.GOOD["photo.jpg"]())


def test_a_photo_without_faces_says_so_and_names_model_and_detector(
    champion: ModelVersion,
) -> None:
    look = photos.detect(image_files.GOOD["photo.jpg"]())
    assert look.faces == []
    assert (look.width, look.height) == (320, 240)
    assert (look.model, look.version_id) == (champion.name, champion.pk)
    assert look.detector == photos.detector().name
    assert look.certainty_threshold == 0.2


@pytest.mark.parametrize("name", ["zero-bytes.jpg", "truncated.jpg", "page.jpg"])
def test_bad_pictures_are_refused(champion: ModelVersion, name: str) -> None:
    with pytest.raises(decode.BadPicture) as refusal:
        photos.detect(image_files.BAD[name].make())
    assert refusal.value.code == image_files.BAD[name].code


@needs_photos
@needs_face_detector
def test_every_face_has_a_box_inside_the_photo_and_seven_probabilities(
    champion: ModelVersion,
) -> None:
    look = photos.detect(photo("trio_outdoor.jpg"))
    assert len(look.faces) == 3
    for face in look.faces:
        x, y, w, h = face.box
        assert 0 <= x < x + w <= look.width
        assert 0 <= y < y + h <= look.height
        assert list(face.probabilities) == list(EMOTIONS)
        assert sum(face.probabilities.values()) == pytest.approx(1, abs=0.001)
        best = max(face.probabilities.values())
        assert face.probabilities[face.emotion] == best
        assert face.is_sure == (best >= 0.2)
        assert (face.crop_jpeg, face.token, face.evidence) == (b"", None, None)


@needs_photos
@needs_face_detector
def test_boxes_are_in_pixels_of_the_photo_even_where_it_was_shrunk(
    champion: ModelVersion,
) -> None:
    data = photo("trio_sofa.jpg")
    rgb = decode.decode(data)
    larger = decode.resize(rgb, 2 * rgb.shape[1], 2 * rgb.shape[0])
    small = photos.detect(data)
    large = photos.detect(decode.encode_jpeg(larger), preview_side=400)
    assert large.width == 2 * small.width > decode.WORK_SIDE
    assert max(decode.decode(large.preview_jpeg).shape) == 400
    np.testing.assert_allclose(
        [face.box for face in large.faces],
        [np.multiply(face.box, 2) for face in small.faces],
        atol=25,
    )


@needs_photos
@needs_face_detector
def test_evidence_is_a_small_map_for_the_winner(champion: ModelVersion) -> None:
    (face,) = photos.detect(photo("obama.jpg"), evidence=True).faces
    assert face.evidence is not None
    assert face.evidence.dtype == np.uint8
    assert face.evidence.ndim == 2
    assert face.evidence.max() == 255


@needs_photos
@needs_face_detector
def test_a_crop_comes_with_a_token_that_opens_only_with_it(
    champion: ModelVersion,
) -> None:
    first, second, _third = photos.detect(photo("trio_sofa.jpg"), crops=True).faces
    assert first.token
    claim = photos.open_token(first.token, first.crop_jpeg)
    assert claim.box == first.box
    assert claim.emotion == first.emotion
    assert claim.probabilities == first.probabilities
    assert claim.version_id == champion.pk
    assert len(claim.nonce) == 16
    assert datetime.now(UTC) < claim.expires <= datetime.now(UTC) + timedelta(hours=1)
    assert max(decode.decode(first.crop_jpeg).shape) <= 256
    with pytest.raises(Refused) as refusal:
        photos.open_token(first.token, second.crop_jpeg)
    assert refusal.value.code == "token_invalid"


@needs_photos
@needs_face_detector
def test_two_looks_at_one_photo_give_two_nonces(champion: ModelVersion) -> None:
    claims = []
    for _turn in range(2):
        (face,) = photos.detect(photo("obama.jpg"), crops=True).faces
        assert face.token
        claims.append(photos.open_token(face.token, face.crop_jpeg))
    assert claims[0].nonce != claims[1].nonce


def token(crop: bytes, **changes: Any) -> str:
    said = {
        "seen": int(datetime.now(UTC).timestamp()),
        "nonce": "00" * 16,
        "crop": hashlib.sha256(crop).hexdigest(),
        "box": [1, 2, 3, 4],
        "version": 1,
        "emotion": "happy",
        "probabilities": {"happy": 1.0},
    }
    return signing.dumps({**said, **changes}, salt=photos.TOKEN_SALT)


def test_a_token_is_good_for_an_hour() -> None:
    with mock.patch("time.time", return_value=1_800_000_000):
        old = token(b"crop")
    with mock.patch("time.time", return_value=1_800_000_000 + 3599):
        assert photos.open_token(old, b"crop").emotion == "happy"
    with (
        mock.patch("time.time", return_value=1_800_000_000 + 3601),
        pytest.raises(Refused) as refusal,
    ):
        photos.open_token(old, b"crop")
    assert refusal.value.code == "token_expired"


def test_a_token_of_an_older_version_was_shown_what_it_says() -> None:
    assert photos.open_token(token(b"crop"), b"crop").shown == "happy"


@pytest.mark.usefixtures("two_heads")
def test_whichever_answer_is_shown_the_mix_is_what_is_kept() -> None:
    data = factories.make_photo(29)
    (mix,) = photos.detect(data, crops=True).faces
    (raters,) = photos.detect(data, crops=True, answer="raters").faces
    assert mix.emotion != raters.emotion
    claims = [photos.open_token(face.token, face.crop_jpeg) for face in (mix, raters)]
    assert [claim.shown for claim in claims] == [mix.emotion, raters.emotion]
    for claim in claims:
        assert (claim.emotion, claim.probabilities) == (mix.emotion, mix.probabilities)


@pytest.mark.usefixtures("two_heads")
def test_each_answer_is_sure_by_its_own_threshold(settings: Any) -> None:
    data = factories.make_photo(29)
    assert photos.detect(data, answer="label").certainty_threshold == 1
    assert not photos.detect(data, answer="label").faces[0].is_sure
    assert photos.detect(data, answer="raters").faces[0].is_sure
    settings.MODEL_ANSWER = "label"
    by_default = photos.detect(data)
    assert (by_default.answer, by_default.faces[0].is_sure) == ("label", False)


@pytest.mark.parametrize("what", ["", "nonsense", "a:b:c"])
def test_what_we_did_not_sign_is_invalid(what: str) -> None:
    with pytest.raises(Refused) as refusal:
        photos.open_token(what, b"crop")
    assert refusal.value.code == "token_invalid"
    assert "show it again" in str(refusal.value)


def test_a_changed_token_is_invalid() -> None:
    good = token(b"crop")
    with pytest.raises(Refused):
        photos.open_token(
            good[:5] + ("x" if good[5] != "x" else "y") + good[6:], b"crop"
        )


def test_a_token_signed_for_something_else_is_invalid() -> None:
    other = signing.dumps({"crop": "x"}, salt="another")
    with pytest.raises(Refused):
        photos.open_token(other, b"crop")


@needs_photos
@needs_face_detector
def test_the_answer_says_how_long_each_step_took(champion: ModelVersion) -> None:
    look = photos.detect(photo("obama.jpg"))
    assert list(look.milliseconds) == ["decode", "detect", "classify", "answer"]
