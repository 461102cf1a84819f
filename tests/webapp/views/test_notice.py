"""The notice before the first look: a line on one's own machine, a step elsewhere."""

import base64
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from labeling.detection import notice, photos
from labeling.models import Contribution
from tests.support import factories
from tests.support.public_site import STATED, open_to_the_public

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("champion")]

DOORS = {"try": "/", "live": "/live/", "booth": "/booth/", "contribute": "/contribute/"}
AGREED = {"keep": "on", "adult": "on"}


@pytest.fixture
def public(settings: Settings) -> Settings:
    open_to_the_public(settings)
    return settings


def photo() -> SimpleUploadedFile:
    return SimpleUploadedFile("face.jpg", factories.make_photo(29), "image/jpeg")


def face() -> dict[str, str]:
    found = photos.detect(factories.make_photo(29), crops=True).faces[0]
    crop = base64.b64encode(found.crop_jpeg).decode()
    return {"crop": crop, "token": found.token or "", "emotion": "happy"}


def has_a_door(html: str) -> bool:
    """A way to a camera or to a file."""
    return bool(re.search(r'type="file"|data-camera-open|data-stage|<video', html))


@pytest.mark.parametrize("page", DOORS)
def test_on_ones_own_machine_a_line_stands_at_each_door(client: Client, page: str):
    html = client.get(DOORS[page]).text
    assert has_a_door(html)
    assert "other people&#x27;s too: tell them first." in html
    assert "notice-step" not in html


@pytest.mark.parametrize("page", DOORS)
def test_where_others_visit_no_door_opens_before_the_notice_was_read(
    client: Client, public: Settings, page: str
):
    html = client.get(DOORS[page]).text
    assert not has_a_door(html)
    assert html.count("I have read this and am 16 or older") == 1
    assert STATED["CONTROLLER"] in html
    assert "for art and play" in html
    answer = client.post("/notice/", {"page": page})
    assert answer.url == DOORS[page]
    assert has_a_door(client.get(DOORS[page]).text)


@pytest.mark.parametrize("page", DOORS)
def test_what_the_controller_says_anew_is_read_anew(
    client: Client, public: Settings, page: str
):
    client.post("/notice/", {"page": page})
    public.CONTROLLER = "Somebody Else"
    html = client.get(DOORS[page]).text
    assert "Somebody Else" in html
    assert not has_a_door(html)


def test_a_photo_is_not_looked_at_before(client: Client, public: Settings):
    answer = client.post("/detect/", {"photo": photo()})
    assert answer.status_code == 400
    assert "Please read first" in answer.text
    assert client.post("/contribute/", {"photo": photo()}).status_code == 400
    client.post("/notice/")
    assert client.post("/detect/", {"photo": photo()}).status_code == 200


def test_a_drawn_face_needs_no_notice(client: Client, public: Settings):
    answer = client.post("/detect/", {"sample": "happy"})
    assert answer.status_code == 200
    assert "We drew this face" in answer.text


def test_it_stands_beside_the_consent(client: Client, public: Settings):
    client.post("/notice/")
    assert client.post("/contribute/give/", face() | AGREED).status_code == 201
    assert Contribution.objects.get().notice_version == notice.version()
    assert notice.version().startswith(f"{notice.VERSION}.")


def test_who_came_by_the_api_was_told_by_others(client: Client, public: Settings):
    given = {**face(), "keep": True, "adult": True}
    answer = client.post("/api/v1/contributions", given, "application/json")
    assert answer.status_code == 201
    assert Contribution.objects.get().notice_version == ""


@pytest.mark.parametrize("path", ["/api/v1/model", "/api/v1/detect", "/api/v1/x"])
def test_every_answer_of_the_api_points_at_it(client: Client, path: str, settings: Any):
    said = client.get(path)["Notice"]
    assert said == (
        f'<{settings.SITE_URL}/notice/>; rel="privacy-policy"; '
        f'version="{notice.version()}"'
    )
    assert "Notice" not in client.get("/about/")


def test_it_can_be_read_at_any_time_and_leads_nowhere_else(
    client: Client, public: Settings
):
    assert STATED["CONTROLLER"] in client.get("/notice/").text
    answer = client.post("/notice/", {"page": "https://elsewhere.example/"})
    assert answer.url == "/"
    cookie = client.cookies["notice"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"
    assert "I have read this" not in client.get("/notice/").text
