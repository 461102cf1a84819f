import base64
import re

import pytest
from django.test import Client

from labeling.contributions.withdrawals import secret_hash
from labeling.models import Contribution
from tests.support.factories import make_contribution

pytestmark = pytest.mark.django_db

SECRETS = ["first-secret_0123456789", "second-secret_0123456789"]


def give(secret: str) -> Contribution:
    return make_contribution(withdrawal_hash=secret_hash(secret))


def test_the_page_does_nothing_by_itself(client: Client):
    give(SECRETS[0])
    page = client.get("/withdraw/")
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    assert Contribution.objects.exists()


def test_a_link_takes_its_face_back_and_leaves_a_receipt(client: Client):
    face = give(SECRETS[0])
    link = f"https://mien.example/withdraw/#{SECRETS[0]}"
    page = client.post("/withdraw/", {"links": link, "sure": "yes"})
    assert "One face is gone" in page.text
    assert str(face.pk) in page.text
    assert not Contribution.objects.exists()


def test_the_face_is_shown_before_it_goes_and_only_by_its_link(client: Client):
    face, other = give(SECRETS[0]), give(SECRETS[1])
    page = client.post("/withdraw/", {"links": f"{SECRETS[0]} unknown"})
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    shown = re.findall(r"data:image/jpeg;base64,([^\"]+)", page.text)
    assert [base64.b64decode(jpeg) for jpeg in shown] == [bytes(face.crop.jpeg)]
    assert "not known" in page.text
    assert Contribution.objects.filter(pk__in=[face.pk, other.pk]).count() == 2


def test_one_link_of_several_faces_shows_and_takes_them_all(client: Client):
    for secret in SECRETS:
        give(secret)
    link = f"https://mien.example/withdraw/#{','.join(SECRETS)}"
    page = client.post("/withdraw/", {"links": link})
    assert "Take these 2 faces back?" in page.text
    sent = {"links": re.findall(r'name="links" value="([^"]*)"', page.text)[0]}
    assert "2 faces are gone" in client.post("/withdraw/", sent | {"sure": "yes"}).text


def test_several_links_work_at_once(client: Client):
    for secret in SECRETS:
        give(secret)
    links = f"http://x/withdraw/#{SECRETS[0]}\n  {SECRETS[1]} \n{SECRETS[0]}"
    assert (
        "2 faces are gone"
        in client.post("/withdraw/", {"links": links, "sure": "yes"}).text
    )


def test_an_unknown_link_among_known_ones_is_named(client: Client):
    give(SECRETS[0])
    page = client.post("/withdraw/", {"links": f"{SECRETS[0]} unknown", "sure": "yes"})
    assert "One face is gone" in page.text
    assert "not known" in page.text


@pytest.mark.parametrize("links", ["", "   ", "unknown", "#", "<script>x</script>"])
def test_what_is_no_link_gets_a_sentence(client: Client, links: str):
    give(SECRETS[0])
    page = client.post("/withdraw/", {"links": links})
    assert page.status_code == 400
    assert 'role="alert"' in page.text
    assert "<script>x" not in page.text
    assert Contribution.objects.exists()


def test_a_link_works_once(client: Client):
    give(SECRETS[0])
    client.post("/withdraw/", {"links": SECRETS[0], "sure": "yes"})
    assert client.post("/withdraw/", {"links": SECRETS[0]}).status_code == 400


def test_a_face_of_an_account_has_no_link(client: Client):
    face = give(SECRETS[0])
    assert secret_hash(SECRETS[0]) == face.withdrawal_hash
    page = client.post("/withdraw/", {"links": face.withdrawal_hash})
    assert page.status_code == 400


def test_the_form_carries_csrf():
    client = Client(enforce_csrf_checks=True)
    assert client.post("/withdraw/", {"links": SECRETS[0]}).status_code == 403
