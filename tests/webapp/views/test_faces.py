"""Reporting a face from where it is shown, and deciding about it."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from labeling.models import Contribution, FaceReport
from tests.support import factories

pytestmark = pytest.mark.django_db


def shown(**fields: Any) -> Contribution:
    return factories.make_contribution(
        **{"may_be_seen": True, "screened_at": timezone.now(), **fields}
    )


def ticket(client: Client) -> str:
    return re.findall(r'name="ticket" value="([^"]+)"', client.get("/vote/").text)[0]


def test_a_voter_reports_the_face_before_him_and_gets_the_next(client: Client):
    face = shown()
    sent = {"ticket": ticket(client), "reason": "child"}
    html = client.post("/vote/report/", sent, HTTP_HX_REQUEST="true").text
    assert "That face is hidden now" in html
    assert "No face is waiting" in html
    assert FaceReport.objects.get().contribution == face
    assert client.get(f"/faces/seen/{sent['ticket']}.jpg").status_code == 404


def test_without_a_reason_it_is_not_hidden(client: Client):
    shown()
    answer = client.post("/vote/report/", {"ticket": ticket(client)})
    assert "Please say what is wrong" in answer.text
    assert not FaceReport.objects.exists()


def test_a_released_face_is_reported_by_its_number(client: Client):
    face = factories.make_contribution(
        status="accepted", may_be_released=True, released_at=timezone.now()
    )
    page = client.get(f"/faces/report/?face={face.pk}").text
    assert str(face.pk) in page
    sent = {"face": f" {face.pk} ", "reason": "not_agreed"}
    assert client.post("/faces/report/", sent).status_code == 201
    assert FaceReport.objects.get().contribution == face


@pytest.mark.parametrize("number", ["", "7", "0" * 36])
def test_a_number_that_is_none_says_so(client: Client, number: str):
    answer = client.post("/faces/report/", {"face": number, "reason": "child"})
    assert answer.status_code == 404
    assert "No face with this number" in answer.text


def test_nobody_hides_many(client: Client, settings: Settings):
    settings.REPORT_RATE = (2, 3600)
    faces = [shown() for _ in range(3)]
    codes = [
        client.post("/faces/report/", {"face": face.pk, "reason": "abuse"}).status_code
        for face in faces
    ]
    assert codes == [201, 201, 429]
    assert FaceReport.objects.count() == 2


def test_a_reviewer_sees_what_is_reported_and_decides(client: Client):
    kept, removed = shown(), shown()
    for face in (kept, removed):
        client.post("/faces/report/", {"face": face.pk, "reason": "abuse"})
    client.force_login(factories.make_user("rita", "reviewer"))
    assert "2 faces reported" in client.get("/review/").text
    page = client.get("/faces/reported/").text
    assert page.count("It shows abuse") == 2
    assert client.get(f"/faces/{kept.pk}.jpg").status_code == 200
    for face, act in ((kept, "clear"), (removed, "remove")):
        pk = FaceReport.objects.get(contribution=face).pk
        answer = client.post(f"/faces/reported/{pk}/", {"act": act}, follow=True)
        assert answer.redirect_chain == [("/faces/reported/", 302)]
    assert "No face is reported" in answer.text
    assert Contribution.objects.get() == kept
    assert client.post(f"/faces/reported/{pk}/", {"act": act}).status_code == 404


def test_a_hidden_face_waits_in_no_queue(client: Client):
    face = shown()
    client.post("/faces/report/", {"face": face.pk, "reason": "abuse"})
    client.force_login(factories.make_user("rita", "reviewer"))
    assert client.get(f"/review/{face.pk}/").status_code == 404
    assert str(face.pk) not in client.get("/review/grid/").text


def test_health_and_the_admin_say_that_one_waits(client: Client):
    face = shown()
    client.post("/faces/report/", {"face": face.pk, "reason": "child"})
    told = client.get("/health").json()["reported_faces"]
    assert told == {"ok": True, "waiting": 1}
    client.force_login(factories.make_user("root", is_staff=True, is_superuser=True))
    assert "1 face was reported and is hidden" in client.get("/admin/").text


def test_the_giver_reads_of_it(client: Client):
    ada = factories.make_user("ada")
    face = shown(giver=ada)
    client.post("/faces/report/", {"face": face.pk, "reason": "child"})
    client.force_login(ada)
    assert "Somebody reported it." in client.get("/my/").text
