import pytest
from django.test import Client

from labeling import accounts
from labeling.models import Contribution, Suspect, User
from labeling.review import decisions
from labeling.voting import rings
from tests.support.factories import make_contribution, make_ring, make_user, make_votes

pytestmark = pytest.mark.django_db


@pytest.fixture
def ring() -> tuple[User, User]:
    return make_ring(faces=0)


def test_only_reviewers_come_in(client: Client):
    assert client.get("/review/rings/").url.startswith("/accounts/login/")
    client.force_login(make_user("ada"))
    assert client.get("/review/rings/").status_code == 403


def test_a_ring_is_shown_with_what_waits(client: Client, ring: tuple[User, User]):
    giver, voter = ring
    rita = make_user("rita", "reviewer")
    face = make_contribution(giver=giver, emotion="fear")
    make_votes(face, "fear", [voter])
    decisions.accept(face, by=rita)
    client.force_login(make_user("rob", "reviewer"))
    page = client.get("/review/rings/").text
    for words in ("gail", "victor", "1 face waits", "Confirm", "1 / 1", "<svg"):
        assert words in page
    assert "2 suspected" in client.get("/review/").text
    answer = client.post(f"/review/rings/{face.pk}/confirm/", follow=True)
    assert "counts again" in answer.text
    assert not rings.quarantined().exists()


def test_a_face_of_somebody_else_waits_as_well(client: Client):
    voter = make_user("vera")
    face = make_contribution(emotion="fear", status="accepted")
    Contribution.objects.update(decided_emotion="sad")
    make_votes(face, "sad", [voter])
    accounts.delete_account(voter)
    client.force_login(make_user("rob", "reviewer"))
    assert 'href="/review/rings/"' in client.get("/review/").text
    page = client.get("/review/rings/").text
    for words in ("Faces of other people", "1 face waits", "Confirm as sad"):
        assert words in page
    client.post(f"/review/rings/{face.pk}/confirm/")
    assert "Nobody is suspected" in client.get("/review/rings/").text


def test_what_cannot_be_confirmed_is_said(client: Client):
    client.force_login(make_user("rita", "reviewer"))
    face = make_contribution()
    answer = client.post(f"/review/rings/{face.pk}/confirm/", follow=True)
    assert "does not wait for a second reviewer" in answer.text


def test_a_person_is_cleared(client: Client, ring: tuple[User, User]):
    client.force_login(make_user("rita", "reviewer"))
    suspect = Suspect.objects.get(user=ring[0])
    assert client.post(f"/review/rings/{suspect.pk}/clear/").url == "/review/rings/"
    suspect.refresh_from_db()
    assert suspect.cleared_at
    assert "gail" not in client.get("/review/rings/").text


def test_without_suspects_the_page_says_so(client: Client):
    client.force_login(make_user("rita", "reviewer"))
    assert "Nobody is suspected" in client.get("/review/rings/").text
