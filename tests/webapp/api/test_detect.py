import base64
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from labeling.detection import photos as detection_photos
from labeling.models import ModelVersion
from labeling.registry import serving
from ml.emotions import EMOTIONS
from tests.support import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("champion")]

DETECT = "/api/v1/detect"


def multipart(*photos: bytes) -> dict[str, Any]:
    return {"photo": [SimpleUploadedFile("photo.jpg", data) for data in photos]}


def test_a_photo_gives_model_detector_size_and_every_face(
    client: Client, champion: ModelVersion
) -> None:
    answer = client.post(DETECT, multipart(factories.make_photo(29, 2)))
    assert answer.status_code == 200
    said = answer.json()
    assert said["model"] == champion.name
    assert said["detector"] == detection_photos.detector().name
    assert (said["width"], said["height"]) == (640, 480)
    assert len(said["faces"]) == 2
    areas = [face["box"][2] * face["box"][3] for face in said["faces"]]
    assert areas == sorted(areas, reverse=True)
    for face in said["faces"]:
        assert list(face["probabilities"]) == list(EMOTIONS)
        assert not face.keys() & {"crop", "token", "evidence"}


@pytest.mark.parametrize("kind", ["image/jpeg", "application/octet-stream"])
def test_the_photo_may_be_the_whole_body(client: Client, kind: str) -> None:
    photo = factories.make_photo(29)
    answer = client.post(DETECT, photo, content_type=kind)
    assert answer.json() == client.post(DETECT, multipart(photo)).json()


def test_a_photo_may_come_in_base64_as_json(client: Client) -> None:
    photo = factories.make_photo(29)
    sent = {"photo": base64.b64encode(photo).decode()}
    answer = client.post(DETECT, sent, content_type="application/json")
    assert answer.json() == client.post(DETECT, multipart(photo)).json()
    broken = client.post(DETECT, {"photo": "%%"}, content_type="application/json")
    assert list(broken.json()["error"]["fields"]) == ["photo"]


def test_counted_requests_say_how_many_are_left(client: Client, settings: Any) -> None:
    settings.DETECT_RATE = (2, 60)
    photo = multipart(factories.make_photo(29))
    left = [client.post(DETECT, photo)["RateLimit-Remaining"] for _ in range(2)]
    assert left == ["1", "0"]
    refused = client.post(DETECT, photo)
    assert (refused.status_code, refused["RateLimit-Remaining"]) == (429, "0")
    assert int(refused["Retry-After"]) > 0


def test_a_photo_without_its_end_comes_with_a_note(client: Client) -> None:
    whole = factories.make_photo(29)
    said = client.post(DETECT, multipart(whole)).json()
    noted = client.post(DETECT, multipart(whole.removesuffix(b"\xff\xd9"))).json()
    assert said["note"] is None
    assert noted == {**said, "note": "no_end"}


def test_crops_come_with_tokens_that_open(client: Client) -> None:
    said = client.post(f"{DETECT}?crops=1", multipart(factories.make_photo(29))).json()
    (face,) = said["faces"]
    crop = base64.b64decode(face["crop"])
    assert detection_photos.open_token(face["token"], crop).emotion == face["emotion"]


def test_evidence_is_rows_of_0_to_255(client: Client) -> None:
    said = client.post(
        f"{DETECT}?evidence=1", multipart(factories.make_photo(29))
    ).json()
    rows = said["faces"][0]["evidence"]
    assert {len(row) for row in rows} == {len(rows)}
    assert max(max(row) for row in rows) == 255


@pytest.mark.parametrize("answer", ["mix", "label", "raters"])
def test_any_of_the_answers_may_be_asked_for(client: Client, answer: str) -> None:
    photo = multipart(factories.make_photo(29))
    assert client.post(f"{DETECT}?answer={answer}", photo).json()["answer"] == answer


def test_without_one_named_it_is_the_sites(client: Client, settings: Any) -> None:
    settings.MODEL_ANSWER = "raters"
    photo = factories.make_photo(29)
    assert client.post(DETECT, multipart(photo)).json()["answer"] == "raters"


@pytest.mark.parametrize("photos_", [1, 2])
def test_an_answer_that_there_is_not_is_refused_by_its_name(
    client: Client, photos_: int
) -> None:
    photo = multipart(*[factories.make_photo(29)] * photos_)
    answer = client.post(f"{DETECT}?answer=crowd", photo)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], list(error["fields"])) == ("invalid", ["answer"])
    assert error["message"].endswith("crowd is none of mix, label, raters.")


def test_a_live_frame_carries_no_extras(client: Client) -> None:
    said = client.post(
        f"{DETECT}?live=1&crops=1&evidence=1",
        factories.make_photo(29),
        content_type="image/jpeg",
    ).json()
    assert not said["faces"][0].keys() & {"crop", "token", "evidence"}


def test_the_answer_says_where_the_time_went(client: Client) -> None:
    answer = client.post(DETECT, multipart(factories.make_photo(29)))
    for step in ("decode", "detect", "classify"):
        assert f"{step};dur=" in answer["Server-Timing"]


def test_several_photos_are_answered_in_their_order(client: Client) -> None:
    photos_ = factories.make_photo(29), b"", factories.make_photo(29, 2)
    said = client.post(DETECT, multipart(*photos_)).json()["photos"]
    assert [len(one.get("faces", [])) for one in said] == [1, 0, 2]
    assert said[1]["error"]["code"] == "empty"


def test_no_photo_is_an_error_with_a_sentence(client: Client) -> None:
    answer = client.post(DETECT, {})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid"
    assert "No photo arrived" in answer.json()["error"]["message"]


def test_too_many_photos_at_once_are_an_error(client: Client) -> None:
    assert client.post(DETECT, multipart(*[b"x"] * 21)).status_code == 400


def test_a_body_of_another_kind_is_415(client: Client) -> None:
    answer = client.post(DETECT, "{}", content_type="text/plain")
    assert answer.status_code == 415
    assert answer.json()["error"]["code"] == "unsupported_media_type"


def test_it_refuses_to_be_fetched(client: Client) -> None:
    answer = client.get(DETECT)
    assert answer.status_code == 405
    assert answer.json()["error"]["code"] == "method_not_allowed"


def test_without_a_champion_it_is_503_with_retry_after(
    client: Client, champion: ModelVersion
) -> None:
    ModelVersion.objects.filter(pk=champion.pk).update(is_champion=False)
    serving.forget()
    answer = client.post(DETECT, multipart(factories.make_photo(29)))
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "no_model"
    assert int(answer["Retry-After"]) > 0


def test_other_sites_may_not_call_it_from_a_browser(client: Client) -> None:
    answer = client.post(
        DETECT,
        multipart(factories.make_photo(29)),
        headers={"Origin": "https://example.org"},
    )
    assert "Access-Control-Allow-Origin" not in answer


def test_a_session_without_the_forms_token_is_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.make_user())
    answer = client.post(DETECT, multipart(factories.make_photo(29)))
    assert answer.status_code == 403
