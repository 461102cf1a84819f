"""What one person sees is kept by no proxy and no browser; what all see may be."""

import json
from io import BytesIO

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from labeling import accounts
from tests.support.factories import make_contribution, make_photo, make_run, make_user

pytestmark = pytest.mark.django_db

PRIVATE = "private, no-store"
PUBLIC_PAGES = ["/", "/live/", "/about/", "/privacy/", "/terms/", "/models/", "/data/"]
OWN_PAGES = [
    *("/my/", "/my/withdraw/", "/my/download/", "/account/", "/accounts/email/"),
    *("/review/", "/review/grid/", "/training/", "/admin/", "/api/v1/model"),
]


@pytest.fixture
def signed_in(client: Client) -> Client:
    client.force_login(
        make_user("root", "reviewer", "trainer", is_superuser=True, is_staff=True)
    )
    return client


@pytest.mark.parametrize("path", [*PUBLIC_PAGES, *OWN_PAGES])
def test_nothing_that_is_shown_to_an_account_is_kept(
    signed_in: Client, path: str
) -> None:
    assert signed_in.get(path)["Cache-Control"] == PRIVATE


@pytest.mark.usefixtures("champion")
def test_nor_what_a_token_gets(client: Client) -> None:
    user = make_user("trainer", "trainer")
    _token, secret = accounts.make_token(user, name="script")
    path = reverse("api-training", args=[make_run().pk])
    bearer = {"authorization": f"Bearer {secret}"}
    assert client.get(path, headers=bearer)["Cache-Control"] == PRIVATE


def test_nor_errors_and_ways_elsewhere(signed_in: Client) -> None:
    for path, status in (("/nothing/", 404), ("/my", 301), ("/?a=%00", 400)):
        answer = signed_in.get(path)
        assert answer.status_code == status
        assert answer["Cache-Control"] == PRIVATE
    signed_in.raise_request_exception = False
    assert signed_in.post("/accounts/logout/")["Cache-Control"] == PRIVATE


def test_nor_any_face(signed_in: Client) -> None:
    face = make_contribution(may_be_seen=True, screened_at=timezone.now())
    for path in (f"/faces/{face.pk}.jpg", f"/review/{face.pk}/"):
        answer = signed_in.get(path)
        assert answer.status_code == 200
        assert answer["Cache-Control"] == PRIVATE
    stranger = Client()
    page = stranger.get("/vote/")
    ticket = page.text.split('src="/faces/seen/')[1].split('"')[0]
    for answer in (page, stranger.get(f"/faces/seen/{ticket}")):
        assert answer.status_code == 200
        assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))


@pytest.mark.usefixtures("champion")
@pytest.mark.parametrize("path", ["/detect/", "/contribute/", "/api/v1/detect?crops=1"])
def test_nor_what_somebody_gets_for_a_photo(client: Client, path: str) -> None:
    photo = BytesIO(make_photo(29))
    photo.name = "photo.jpg"
    answer = client.post(path, {"photo": photo})
    assert answer.status_code == 200
    assert answer["Cache-Control"] == PRIVATE


def test_from_the_page_that_begins_a_session_on(client: Client) -> None:
    assert client.get("/about/").get("Cache-Control") is None
    assert client.post("/vote/skip/")["Cache-Control"] == PRIVATE
    make_user("bo")
    login = {"login": "bo@example.org", "password": "secret"}
    assert client.post("/accounts/login/", login)["Cache-Control"] == PRIVATE
    assert client.get("/about/")["Cache-Control"] == PRIVATE


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_what_a_stranger_sees_stays_as_it_is(client: Client, path: str) -> None:
    assert "no-store" not in client.get(path).get("Cache-Control", "")


def test_files_of_the_site_and_public_figures_are_kept_by_everyone(
    signed_in: Client,
) -> None:
    assert "public" in signed_in.get("/data/numbers.json")["Cache-Control"]
    assert finders.find("css/mien.css")
    static = signed_in.get("/static/css/mien.css")
    assert static.status_code == 200
    assert "no-store" not in static.get("Cache-Control", "")
    assert json.loads(signed_in.get("/data/numbers.json").text)
