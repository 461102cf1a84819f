import re
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from labeling.models import Contribution, Crop, ModelVersion, Session, User, Vote
from tests.support.factories import (
    make_contribution,
    make_face_jpeg,
    make_photo,
    make_user,
)
from webapp.http.access import MOST_GIVEN, given_here, keep_given
from webapp.views import faces

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


def give(client: Client) -> None:
    """A face, seen and given on the real pages."""
    photo = SimpleUploadedFile("me.jpg", make_photo(29))
    html = client.post("/contribute/", {"photo": photo, "emotion": "sad"}).text
    found = dict(re.findall(r'name="(crop|token)" value="([^"]*)"', html))
    agreed = dict.fromkeys(("keep", "adult", "may_be_seen"), "on")
    client.post("/contribute/give/", {**found, **agreed, "emotion": "sad"})


def make_ticket(client: Client, face: Contribution) -> str:
    """As the vote page would make it out to this browser, did it show the face."""
    client.get("/vote/")
    request = RequestFactory().get("/")
    request.user, request.new_device = AnonymousUser(), ""
    request.COOKIES = {name: morsel.value for name, morsel in client.cookies.items()}
    return faces.make_ticket(request, face)


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


def test_after_a_vote_one_sees_what_others_said_and_never_before(
    client: Client, ada: User
):
    face = make_open(emotion="disgust", model_probabilities={"fear": 0.71})
    Vote.objects.create(contribution=face, choice="fear", device_hash="d")
    before = client.get("/vote/").text
    assert "The giver" not in before
    assert "71" not in before
    data = {"ticket": ticket(before), "choice": "sad"}
    after = client.post("/vote/cast/", data).text
    assert "The giver said: disgust." in after
    assert "Other people (1 vote)" in after
    assert "71\u202f%" in after
    assert "The giver" not in client.get("/vote/").text
    again = client.post("/vote/cast/", data).text  # refused, and nothing is told
    assert "The giver" not in again


def test_undo_takes_the_vote_back_and_the_face_goes_to_others(
    client: Client, ada: User
):
    make_open()
    client.post(
        "/vote/cast/", {"ticket": ticket(client.get("/vote/").text), "choice": "sad"}
    )
    back = client.post("/vote/undo/")
    assert "taken back." in back.text
    assert not ticket(back.text)
    assert not Vote.objects.exists()
    assert ticket(Client().get("/vote/").text)


def test_it_says_how_many_votes_decided(client: Client, ada: User):
    face = make_open(status="accepted", decided_emotion="sad")
    Vote.objects.create(contribution=face, choice="sad", voter=ada)
    assert "1 of your votes decided a face." in client.get("/vote/").text


def test_with_nothing_to_undo_it_says_so(client: Client, ada: User):
    assert "no vote to take back" in client.post("/vote/undo/").text


def shown(client: Client, html: str) -> bytes:
    return client.get(picture(html)).content


def test_a_skipped_face_does_not_come_back_before_it_is_asked_for(client: Client):
    for seed in range(6):
        make_open(jpeg=make_face_jpeg(seed))
    html, seen = client.get("/vote/").text, set()
    for _ in range(6):
        seen.add(shown(client, html))
        html = client.post("/vote/skip/", {"ticket": ticket(html)}).text
    assert len(seen) == 6
    assert not Vote.objects.exists()
    assert "Only faces that you passed over" in html
    assert not ticket(client.get("/vote/").text)
    assert shown(client, client.post("/vote/again/").text) in seen


def test_the_only_face_is_passed_over_too(client: Client, ada: User):
    make_open()
    html = client.get("/vote/").text
    assert not ticket(client.post("/vote/skip/", {"ticket": ticket(html)}).text)


def test_who_gives_without_an_account_is_not_asked_about_that_face(
    client: Client, champion: ModelVersion
):
    give(client)
    face = Contribution.objects.get()
    Contribution.objects.update(screened_at=timezone.now())
    assert "No face is waiting" in client.get("/vote/").text
    stranger = Client(REMOTE_ADDR="192.0.2.1")
    html = stranger.get("/vote/").text
    assert ticket(html)

    own = make_ticket(client, face)
    assert client.get(f"/faces/seen/{own}.jpg").status_code == 404
    answer = client.post("/vote/cast/", {"ticket": own, "choice": "sad"})
    assert "This face is yours" in answer.text
    assert not Vote.objects.exists()
    stranger.post("/vote/cast/", {"ticket": ticket(html), "choice": "sad"})
    assert Vote.objects.count() == 1


def test_only_the_browser_knows_what_it_gave(client: Client, champion: ModelVersion):
    give(client)
    cookie = client.cookies["mien_given"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert cookie.value.startswith(Contribution.objects.get().pk.hex)
    assert not Session.objects.exists()
    client.cookies["mien_given"] = f"{uuid4().hex}:made:up"
    assert client.get("/vote/").status_code == 200


def test_the_browser_remembers_only_the_latest(client: Client, champion: ModelVersion):
    request = RequestFactory().get("/")
    for _ in range(MOST_GIVEN + 20):
        response = HttpResponse()
        keep_given(request, response, last := uuid4())
        request.COOKIES = {"mien_given": response.cookies["mien_given"].value}
    assert len(given_here(request)) == MOST_GIVEN
    assert given_here(request)[-1] == last
    assert len(response.cookies["mien_given"].OutputString()) < 4096


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
    for path in ("cast", "undo", "skip", "again"):
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
