import pytest
from django.test import Client

from labeling.models import Suspect, User
from labeling.review import decisions
from labeling.voting import rings
from tests.support.factories import make_contribution, make_user, make_votes

pytestmark = pytest.mark.django_db


@pytest.fixture
def ring() -> tuple[User, User]:
    giver, voter = make_user("gail"), make_user("victor")
    Suspect.objects.create(role="giver", user=giver, belief=0.9)
    Suspect.objects.create(role="voter", user=voter, belief=0.9)
    return giver, voter


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
