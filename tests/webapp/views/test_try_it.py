import base64
import io
import json
import re
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from labeling.models import Contribution, ModelVersion, PredictionFeedback
from ml.vision import decode
from tests.support import factories, image_files
from tests.support.drawn_people import portrait
from tests.support.real_data import FACE_DETECTOR, needs_face_detector
from webapp.downloads import engine

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("champion")]

ONE, TWO, NOBODY = (29,), (29, 2), ()


def upload(*photos: bytes) -> dict[str, Any]:
    files = [SimpleUploadedFile(f"{n}.jpg", data) for n, data in enumerate(photos)]
    return {"photo": files}


def field(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, f"no field {name}"
    return found[1]


def asked(client: Client, **headers: Any) -> dict[str, str]:
    """The fields of the first card's question."""
    html = client.post("/detect/", upload(factories.make_photo(*ONE)), **headers).text
    return {name: field(html, name) for name in ("crop", "token")}


def test_the_first_page_has_a_form_that_works_without_scripts(client: Client) -> None:
    html = client.get("/").text
    assert 'action="/detect/"' in html
    assert 'enctype="multipart/form-data"' in html
    assert "looked at and forgotten" in html


def test_a_photo_comes_back_with_a_box_and_a_card_for_every_face(
    client: Client,
) -> None:
    answer = client.post("/detect/", upload(factories.make_photo(*TWO)))
    assert answer.status_code == 200
    assert answer.text.count('class="box"') == 2
    assert answer.text.count('class="card face-card') == 2
    assert "2 faces" in answer.text
    for link in re.findall(r'<a class="is-\w+" href="#([^"]+)"', answer.text):
        assert f'id="{link}"' in answer.text


def test_a_card_holds_crop_bars_heat_map_and_the_question(client: Client) -> None:
    html = client.post("/detect/", upload(factories.make_photo(*ONE))).text
    crop = base64.b64decode(field(html, "crop"))
    assert crop.startswith(b"\xff\xd8")
    assert html.count('class="bar "') == 7
    assert 'class="heat" src="data:image/png' in html
    assert "Is this right?" in html


def test_the_json_to_download_is_what_the_api_says(client: Client) -> None:
    photo = factories.make_photo(*ONE)
    html = client.post("/detect/", upload(photo)).text
    link = re.search(r'href="data:application/json;base64,([^"]+)"', html)
    assert link
    of_api = client.post("/api/v1/detect", upload(photo)).json()
    assert json.loads(base64.b64decode(link[1])) == of_api


def test_the_script_gets_the_result_alone(client: Client) -> None:
    answer = client.post(
        "/detect/", upload(factories.make_photo(*ONE)), headers={"HX-Request": "true"}
    )
    assert "<html" not in answer.text
    assert "face-card" in answer.text


def test_a_photo_without_a_face_gets_advice(client: Client) -> None:
    answer = client.post("/detect/", upload(factories.make_photo(*NOBODY)))
    assert answer.status_code == 200
    assert "No face found" in answer.text
    assert "come closer" in answer.text


def test_several_photos_are_answered_each_for_itself(client: Client) -> None:
    photos = factories.make_photo(*ONE), b"words", factories.make_photo(*NOBODY)
    answer = client.post("/detect/", upload(*photos))
    assert answer.status_code == 200
    assert answer.text.count("<article") == 3
    assert "isn&#x27;t a picture" in answer.text


def test_no_photo_at_all_is_said_kindly(client: Client) -> None:
    answer = client.post("/detect/", {})
    assert answer.status_code == 400
    assert "No photo arrived" in answer.text


def test_more_photos_than_twenty_are_sent_in_parts(client: Client) -> None:
    answer = client.post("/detect/", upload(*[b"x"] * 21))
    assert answer.status_code == 400
    assert "send them in parts" in answer.text


@pytest.mark.parametrize("path", ["/detect/", "/answer/"])
def test_it_refuses_to_be_fetched(client: Client, path: str) -> None:
    assert client.get(path).status_code == 405


def test_a_result_is_not_kept_by_caches(client: Client) -> None:
    answer = client.post("/detect/", upload(factories.make_photo(*ONE)))
    assert "no-store" in answer["Cache-Control"]


def test_one_tap_is_the_answer_and_it_names_the_emotion(
    client: Client, champion: ModelVersion
) -> None:
    answer = client.post("/answer/", asked(client) | {"emotion": "sad"})
    assert answer.status_code == 200
    kept = PredictionFeedback.objects.get()
    assert (kept.emotion, kept.model_version) == ("sad", champion)
    assert kept.is_right == (kept.guess == "sad")
    assert re.search(r'value="sad" required checked', answer.text)
    assert "Your answer is saved, without the picture" in answer.text
    assert not Contribution.objects.exists()


def test_who_taps_the_guess_says_that_it_is_right(client: Client) -> None:
    page = client.post("/detect/", upload(factories.make_photo(*ONE)))
    guess = re.search(r'is-guess" name="emotion" value="(\w+)"', page.text)
    assert guess
    client.post("/answer/", asked(client) | {"emotion": guess[1]})
    assert PredictionFeedback.objects.get().is_right is True


def test_the_card_thanks_and_asks_once_with_nothing_ticked(client: Client) -> None:
    hx = {"HX-Request": "true"}
    page = client.post("/answer/", asked(client) | {"emotion": "fear"}, headers=hx)
    assert "Thank you. You say:" in page.text
    assert 'name="emotion" value="fear"' in page.text
    assert re.findall(r'type="checkbox" name="(\w+)"( required)?', page.text) == [
        ("agree", " required"),
        ("may_be_seen", ""),
        ("may_be_released", ""),
    ]
    assert "checked" not in page.text
    assert "No thanks" in page.text


def test_an_answer_without_an_emotion_is_none(client: Client) -> None:
    for said in ({}, {"emotion": "bored"}):
        assert client.post("/answer/", asked(client) | said).status_code == 400
    assert not PredictionFeedback.objects.exists()


def test_a_second_answer_changes_nothing_but_still_leads_on(client: Client) -> None:
    fields = asked(client)
    client.post("/answer/", fields | {"emotion": "sad"})
    answer = client.post("/answer/", fields | {"emotion": "fear"})
    assert answer.status_code == 200
    assert PredictionFeedback.objects.get().emotion == "sad"


@pytest.mark.parametrize("broken", [{"token": "made-up"}, {"crop": "?"}, {"crop": ""}])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_face_that_is_not_ours_is_turned_down(
    client: Client, broken: dict[str, str], headers: dict[str, str]
) -> None:
    fields = asked(client) | {"emotion": "sad"} | broken
    answer = client.post("/answer/", fields, headers=headers)
    assert answer.status_code == 400
    assert not PredictionFeedback.objects.exists()
    assert ("<html" in answer.text) == (not headers)


def test_a_correction_on_the_card_becomes_a_contribution_with_a_private_link(
    client: Client,
) -> None:
    hx = {"HX-Request": "true"}
    fields = asked(client)
    client.post("/answer/", fields | {"emotion": "surprise"}, headers=hx)
    consent = {"agree": "on", "may_be_seen": "on"}
    answer = client.post(
        "/contribute/give/", fields | consent | {"emotion": "surprise"}, headers=hx
    )
    assert answer.status_code == 201
    assert "<html" not in answer.text
    given = Contribution.objects.get()
    assert (given.emotion, given.may_be_seen) == ("surprise", True)
    assert given.giver is None
    assert re.search(r'value="http://[^"]+/withdraw/#[\w-]{20,}"', answer.text)


def test_on_the_card_an_account_needs_no_private_link(client: Client) -> None:
    client.force_login(factories.make_user())
    fields = asked(client) | {"adult": "on", "keep": "on", "emotion": "happy"}
    answer = client.post("/contribute/give/", fields, headers={"HX-Request": "true"})
    assert Contribution.objects.get().giver is not None
    assert "withdraw/#" not in answer.text


def test_a_rotated_photo_has_its_boxes_where_the_upright_one_has(
    client: Client,
) -> None:
    upright = factories.make_photo(*ONE)
    pixels = Image.open(io.BytesIO(upright))
    boxes = []
    for orientation in (1, 6):
        turned = image_files.turned(np.asarray(pixels), orientation)
        html = client.post("/detect/", upload(turned)).text
        boxes.append(re.findall(r'class="box" x="(\d+)" y="(\d+)"', html))
    assert boxes[0] == boxes[1] != []


# --- a face that only the visitor's device has looked at


def answer_of_device(champion: ModelVersion, **said: str) -> dict[str, str]:
    model = champion.card["files"]["model.onnx"]
    return {"model": model, "guess": "happy", "emotion": "sad"} | said


def test_an_answer_without_a_face_is_kept_apart_and_leads_on(
    client: Client, champion: ModelVersion
) -> None:
    page = client.post("/answer/device/", answer_of_device(champion))
    assert page.status_code == 200
    assert 'action="/contribute/give/unseen/"' in page.text
    assert 'value="sad"' in page.text
    kept = PredictionFeedback.objects.get()
    assert (kept.guess, kept.is_right, kept.is_from_device) == ("happy", False, True)


@pytest.mark.parametrize(
    "broken",
    [{"model": "ab" * 32}, {"model": "\0"}, {"guess": "bored"}, {"emotion": ""}],
)
def test_an_answer_about_nothing_known_is_none(
    client: Client, champion: ModelVersion, broken: dict[str, str]
) -> None:
    page = client.post("/answer/device/", answer_of_device(champion, **broken))
    assert page.status_code == 400
    assert not PredictionFeedback.objects.exists()


GIFT = {"emotion": "sad", "agree": "on"}


@needs_face_detector
def test_a_face_without_a_token_is_looked_for_anew(
    client: Client, settings: Any
) -> None:
    settings.FACE_DETECTOR = FACE_DETECTOR
    crop = field(client.post("/detect/", drawn_upload()).text, "crop")
    page = client.post("/contribute/give/unseen/", GIFT | {"crop": crop})
    assert page.status_code == 201
    kept = Contribution.objects.get()
    assert kept.emotion == "sad"
    assert kept.model_probabilities  # the site's own answer
    again = client.post("/contribute/give/unseen/", GIFT | {"crop": crop})
    assert again.status_code == 400  # a copy, like any other
    assert Contribution.objects.count() == 1


def drawn_upload() -> dict[str, Any]:
    rgb = portrait("happy", width=640, height=480)
    return upload(decode.encode_jpeg(rgb))


@pytest.mark.parametrize(
    ("said", "status", "sentence"),
    [
        (
            {"crop": base64.b64encode(factories.make_photo()).decode()},
            400,
            "cannot find",
        ),
        ({"crop": base64.b64encode(b"words").decode()}, 415, "a picture"),
        ({"crop": "?"}, 400, "whole"),
        ({}, 400, "required"),
    ],
)
def test_without_a_face_in_it_nothing_is_kept(
    client: Client, said: dict[str, str], status: int, sentence: str
) -> None:
    page = client.post("/contribute/give/unseen/", GIFT | said)
    assert page.status_code == status
    assert sentence in page.text
    assert not Contribution.objects.exists()


def test_without_consent_a_face_without_a_token_is_not_kept(client: Client) -> None:
    crop = base64.b64encode(factories.make_face_jpeg(29)).decode()
    page = client.post("/contribute/give/unseen/", {"emotion": "sad", "crop": crop})
    assert page.status_code == 400
    assert not Contribution.objects.exists()


def test_the_page_says_where_photos_go(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "is_served", lambda: False)
    page = client.get("/").text
    assert "is sent to this site, looked at and forgotten. This site has not" in page
    assert "data-on-device" not in page
