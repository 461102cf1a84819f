import base64
import re
from typing import Any

import pytest
from django.test import Client

from labeling.detection import photos
from labeling.models import Contribution
from tests.support import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("champion")]

AGREED = {"keep": "on", "adult": "on"}


def faces(*seen: tuple[int, str]) -> dict[str, list[str]]:
    """The fields of drawn faces, each with the emotion that is said of it."""
    found = [
        photos.detect(factories.make_photo(seed), crops=True).faces[0]
        for seed, _emotion in seen
    ]
    return {
        "crop": [base64.b64encode(face.crop_jpeg).decode() for face in found],
        "token": [face.token or "" for face in found],
        "emotion": [emotion for _seed, emotion in seen],
    }


def give(client: Client, fields: dict[str, Any], **more: Any) -> Any:
    return client.post("/booth/give/", fields | more, HTTP_HX_REQUEST="true")


def test_the_page_says_how_to_show_each_of_the_seven(client: Client):
    html = client.get("/booth/").text
    assert html.count("data-slot=") == 7
    assert "Wrinkle your nose" in html
    assert "checked" not in html


def test_faces_are_given_with_one_consent_and_one_link_takes_all_back(client: Client):
    sent = faces((29, "happy"), (2, "sad"))
    page = give(client, sent, **AGREED, may_be_seen="on")
    assert page.status_code == 201
    kept = Contribution.objects.order_by("emotion")
    assert [(face.emotion, face.may_be_seen) for face in kept] == [
        ("happy", True),
        ("sad", True),
    ]
    (link,) = re.findall(r'value="(http[^"]+/withdraw/#[^"]+)"', page.text)
    assert "2 faces are given" in page.text
    client.post("/withdraw/", {"links": link, "sure": "yes"})
    assert not Contribution.objects.exists()


def test_both_are_known_as_ones_own(client: Client):
    give(client, faces((29, "happy"), (2, "sad")), **AGREED)
    given = client.cookies["mien_given"].value.partition(":")[0].split(".")
    assert len(given) == 2


def test_with_an_account_there_is_no_link(client: Client):
    ada = factories.make_user("ada")
    client.force_login(ada)
    page = give(client, faces((29, "happy")), **AGREED)
    assert Contribution.objects.get().giver == ada
    assert "My faces" in page.text
    assert "/withdraw/#" not in page.text


def test_one_that_is_refused_costs_the_others_nothing_and_says_why(client: Client):
    sent = faces((29, "happy"), (2, "sad"))
    sent["token"][1] = sent["token"][0]
    page = give(client, sent, **AGREED)
    assert page.status_code == 201
    assert Contribution.objects.get().emotion == "happy"
    assert 'data-given="happy"' in page.text
    assert 'data-retake="sad"' in page.text
    assert "do not belong together" in page.text


def test_where_all_are_refused_that_is_the_answer(client: Client):
    sent = faces((29, "happy"))
    give(client, sent, **AGREED)
    page = give(client, sent, **AGREED)
    assert page.status_code == 409
    assert "No face was kept" in page.text
    assert Contribution.objects.count() == 1


@pytest.mark.parametrize("said", [{}, {"keep": "on"}, {"keep": "on", "adult": "oui"}])
def test_without_a_plain_consent_nothing_is_kept(client: Client, said: dict[str, str]):
    page = give(client, faces((29, "happy")), **said)
    assert page.status_code == 400
    assert not Contribution.objects.exists()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"crop": []}, "did not arrive whole"),
        ({"emotion": ["happy", "sad"]}, "did not arrive whole"),
        ({"emotion": ["bliss"]}, "did not arrive whole"),
        ({"emotion": [""]}, "say what the face shows"),
    ],
)
def test_what_is_not_whole_is_refused(
    client: Client, changed: dict[str, list[str]], sentence: str
):
    page = give(client, faces((29, "happy")) | changed, **AGREED)
    assert page.status_code == 400
    assert sentence in page.text
    assert not Contribution.objects.exists()
