import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from labeling.models import Contribution, Crop, User, Vote
from tests.make import make_contribution, make_user

pytestmark = pytest.mark.django_db


def make_open(**fields: Any) -> Contribution:
    return make_contribution(may_be_seen=True, screened_at=timezone.now(), **fields)


def ticket(html: str) -> str:
    found = re.search(r'name="ticket" value="([^"]+)"', html)
    return found[1] if found else ""


def picture(html: str) -> str:
    found = re.search(r'src="(/faces/seen/[^"]+)"', html)
    assert found
    return found[1]


@pytest.fixture
def ada(client: Client) -> User:
    ada = make_user("ada")
    client.force_login(ada)
    return ada


def test_it_shows_a_face_without_its_givers_label(client: Client):
    face = make_open(emotion="disgust", giver=make_user("bo"))
    html = client.get("/vote/").text
    assert client.get(picture(html)).content.startswith(b"\xff\xd8")
    assert str(face.pk) not in html
    assert "bo" not in re.findall(r">(\w+)<", html)
    assert html.count('name="choice"') == 9


def test_the_picture_is_for_this_voter_only_and_kept_by_nobody(client: Client):
    make_open()
    address = picture(client.get("/vote/").text)
    assert "no-store" in client.get(address)["Cache-Control"]
    assert Client().get(address).status_code == 404
    other = Client()
    other.get("/vote/")
    assert other.get(address).status_code == 404


def test_pictures_have_a_cap_on_views(client: Client, settings: Any):
    settings.VOTE_VIEWS = 2
    make_open()
    address = picture(client.get("/vote/").text)
    assert [client.get(address).status_code for _ in range(3)] == [200, 200, 404]


def test_a_made_up_ticket_opens_nothing(client: Client):
    make_open()
    client.get("/vote/")
    assert client.get("/faces/seen/made:up.jpg").status_code == 404
    client.post("/vote/cast/", {"ticket": "made:up", "choice": "sad"})
    assert not Vote.objects.exists()


def test_a_vote_is_kept_and_the_next_face_follows(client: Client, ada: User):
    make_open(), make_open()
    html = client.get("/vote/").text
    answer = client.post("/vote/cast/", {"ticket": ticket(html), "choice": "sad"})
    vote = Vote.objects.get()
    assert (vote.voter, vote.choice) == (ada, "sad")
    assert ticket(answer.text) != ticket(html)
    assert "You said: sad." in answer.text


def test_between_faces_only_a_part_of_the_page_travels(client: Client, ada: User):
    make_open(), make_open()
    data = {"ticket": ticket(client.get("/vote/").text), "choice": "sad"}
    part = client.post("/vote/cast/", data, headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert 'id="vote"' in part.text


def test_a_voter_without_an_account_votes_as_a_device(client: Client):
    make_open()
    html = client.get("/vote/").text
    client.post("/vote/cast/", {"ticket": ticket(html), "choice": "fear"})
    vote = Vote.objects.get()
    assert vote.voter is None
    assert len(vote.device_hash or "") == 64


def test_nobody_votes_twice_on_a_face(client: Client, ada: User):
    make_open()
    data = {"ticket": ticket(client.get("/vote/").text), "choice": "sad"}
    client.post("/vote/cast/", data)
    again = client.post("/vote/cast/", data)
    assert "voted on this face already" in again.text
    assert Vote.objects.count() == 1


def test_ones_own_face_does_not_come(client: Client, ada: User):
    make_open(giver=ada)
    assert "No face is waiting" in client.get("/vote/").text


def test_faces_that_may_not_be_seen_do_not_come(client: Client, ada: User):
    make_contribution(may_be_seen=True)
    make_contribution()
    make_open(status="rejected")
    assert "No face is waiting" in client.get("/vote/").text


def test_undo_brings_the_face_back(client: Client, ada: User):
    make_open()
    client.post(
        "/vote/cast/", {"ticket": ticket(client.get("/vote/").text), "choice": "sad"}
    )
    back = client.post("/vote/undo/")
    assert "Taken back." in back.text
    assert ticket(back.text)
    assert not Vote.objects.exists()


def test_with_nothing_to_undo_it_says_so(client: Client, ada: User):
    assert "no vote to take back" in client.post("/vote/undo/").text


def test_skipping_brings_another_face(client: Client, ada: User):
    for _ in range(6):
        make_open()
    html = client.get("/vote/").text
    assert ticket(client.post("/vote/skip/", {"ticket": ticket(html)}).text)
    assert not Vote.objects.exists()


def test_a_withdrawn_face_is_gone_for_voters_at_once(client: Client, ada: User):
    face = make_open()
    html = client.get("/vote/").text
    Crop.objects.filter(pk=face.pk).delete()
    face.delete()
    assert client.get(picture(html)).status_code == 404
    answer = client.post("/vote/cast/", {"ticket": ticket(html), "choice": "sad"})
    assert "no longer here" in answer.text


@pytest.mark.parametrize("choice", ["", "bored", "<script>"])
def test_what_is_no_answer_is_refused(client: Client, ada: User, choice: str):
    make_open()
    data = {"ticket": ticket(client.get("/vote/").text), "choice": choice}
    assert "Please say" in client.post("/vote/cast/", data).text
    assert not Vote.objects.exists()


def test_votes_come_by_post_with_csrf(client: Client):
    for path in ("cast", "undo", "skip"):
        assert client.get(f"/vote/{path}/").status_code == 405
        strict = Client(enforce_csrf_checks=True)
        assert strict.post(f"/vote/{path}/").status_code == 403


def test_who_votes_very_fast_is_asked_to_wait(client: Client, ada: User, settings: Any):
    settings.VOTE_RATE = (1, 60)
    make_open(), make_open()
    for _ in range(2):
        html = client.get("/vote/").text
        answer = client.post("/vote/cast/", {"ticket": ticket(html), "choice": "sad"})
    assert "Please wait" in answer.text
    assert Vote.objects.count() == 1
