import io
import json
import threading
import time
import zipfile
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from labeling import accounts
from labeling.contributions import consent, withdrawals
from labeling.models import (
    Contribution,
    ModelVersion,
    Snapshot,
    SnapshotRow,
    TrainingRun,
    User,
    Vote,
)
from tests.support.concurrency import together
from tests.support.factories import make_contribution, make_run, make_user, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client: Client) -> User:
    ada = make_user("ada")
    client.force_login(ada)
    return ada


def trained_on(*faces: Contribution, parent: ModelVersion | None = None) -> Any:
    run = make_run(status=TrainingRun.Status.DONE)
    snapshot = Snapshot.objects.create(run=run, hash="a" * 64, manifest={})
    for face in faces:
        SnapshotRow.objects.create(
            snapshot=snapshot,
            contribution_id=face.pk,
            label=[],
            weight=1,
            split="train",
            source="site",
            digest=b"",
        )
    return make_version(run=run, parent=parent)


def test_a_stranger_is_asked_to_sign_in(client: Client):
    assert client.get("/my/").url.startswith("/accounts/login/")


def test_it_shows_ones_own_faces_and_nobody_elses(client: Client, ada: User):
    mine = make_contribution(giver=ada)
    others = make_contribution(giver=make_user("bo"))
    html = client.get("/my/").text
    assert f"/faces/{mine.pk}.jpg" in html
    assert str(others.pk) not in html


def test_a_page_without_faces_asks_for_one(client: Client, ada: User):
    assert "given a face yet" in client.get("/my/").text


def test_each_face_tells_what_became_of_it(client: Client, ada: User):
    face = make_contribution(
        giver=ada,
        status="accepted",
        emotion="fear",
        decided_emotion="surprise",
        model_emotion="sad",
        model_probabilities={"fear": 0.31},
    )
    Vote.objects.create(contribution=face, choice="fear", voter=make_user("bo"))
    first = trained_on(face)
    heir = trained_on(parent=first)
    html = client.get("/my/").text
    assert "A reviewer saw it as surprise." in html
    assert "sad, 31\u202f%" in html
    assert "1 × fear" in html
    assert first.name in html
    assert heir.name in html


def test_your_effect_counts_faces_in_the_champion(client: Client, ada: User):
    face = make_contribution(giver=ada, status="accepted")
    version = trained_on(face)
    ModelVersion.objects.filter(pk=version.pk).update(is_champion=True)
    assert f"1 of your faces is in {version.name}" in client.get("/my/").text


def test_faces_that_were_read_wrongly_and_learned_from_are_shown(
    client: Client, ada: User
):
    decided = {"status": "accepted", "emotion": "fear", "decided_emotion": "fear"}
    wrong = make_contribution(giver=ada, model_emotion="sad", **decided)
    right = make_contribution(giver=ada, model_emotion="fear", **decided)
    version = trained_on(wrong, right)
    ModelVersion.objects.filter(pk=version.pk).update(is_champion=True)
    html = client.get("/my/").text
    assert "Your fear face, read as sad" in html
    assert html.count("read as") == 1


def test_the_number_of_queries_does_not_grow_with_the_faces(client: Client, ada: User):
    counts = []
    for n in (2, 20):
        for _ in range(n):
            trained_on(make_contribution(giver=ada, status="accepted", jpeg=b"x"))
        client.get("/my/")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get("/my/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_taking_back_asks_first_and_ends_with_a_receipt(client: Client, ada: User):
    face = make_contribution(giver=ada, status="accepted")
    version = trained_on(face)
    asked = client.post("/my/withdraw/", {"which": "selected", "face": [str(face.pk)]})
    assert "Take this face back?" in asked.text
    assert Contribution.objects.filter(pk=face.pk).exists()
    done = client.post("/my/withdraw/", {"face": [str(face.pk)], "sure": "yes"})
    assert "One face is gone" in done.text
    assert version.name in done.text
    assert not Contribution.objects.filter(pk=face.pk).exists()
    version.refresh_from_db()
    assert version.contaminated_at


def test_one_button_takes_back_one_face_even_if_others_are_ticked(
    client: Client, ada: User
):
    one, other = make_contribution(giver=ada), make_contribution(giver=ada)
    page = client.post("/my/withdraw/", {"only": str(one.pk), "face": [str(other.pk)]})
    assert str(one.pk) in page.text
    assert str(other.pk) not in page.text


def test_all_faces_go_at_once(client: Client, ada: User):
    for _ in range(3):
        make_contribution(giver=ada)
    kept = make_contribution(giver=make_user("bo"))
    assert "Take all 3 faces back?" in client.get("/my/withdraw/").text
    client.post("/my/withdraw/", {"which": "all", "sure": "yes"})
    assert [*Contribution.objects.all()] == [kept]


def test_somebody_elses_face_is_not_taken_back(client: Client, ada: User):
    other = make_contribution(giver=make_user("bo"))
    client.post("/my/withdraw/", {"face": [str(other.pk)], "sure": "yes"})
    assert Contribution.objects.filter(pk=other.pk).exists()


def test_nonsense_is_no_selection(client: Client, ada: User):
    assert client.post("/my/withdraw/", {"face": ["x", ""]}).url == "/my/"


def test_a_private_link_becomes_a_face_of_the_account(client: Client, ada: User):
    secret = "AbCdEf_-0123456789"
    face = make_contribution(withdrawal_hash=withdrawals.secret_hash(secret))
    client.post("/my/claim/", {"link": f"https://mien.example/withdraw/#{secret}"})
    face.refresh_from_db()
    assert (face.giver, face.withdrawal_hash) == (ada, None)
    again = client.post("/my/claim/", {"link": secret}, follow=True)
    assert "not known" in again.text


def test_a_link_of_several_faces_becomes_faces_of_the_account(
    client: Client, ada: User
):
    secrets = ["AbCdEf_-0123456789", "GhIjKl_-0123456789"]
    for secret in secrets:
        make_contribution(withdrawal_hash=withdrawals.secret_hash(secret))
    link = f"https://mien.example/withdraw/#{','.join(secrets)}"
    page = client.post("/my/claim/", {"link": link}, follow=True)
    assert "2 faces are yours here now." in page.text
    assert ada.gifts.count() == 2


def test_before_all_faces_go_they_are_shown(client: Client, ada: User):
    faces = [make_contribution(giver=ada) for _ in range(2)]
    html = client.get("/my/withdraw/").text
    assert all(f"/faces/{face.pk}.jpg" in html for face in faces)


def test_consents_can_be_changed_later(client: Client, ada: User):
    face = make_contribution(giver=ada, may_be_seen=True)
    url = f"/my/{face.pk}/consent/"
    assert "checked" in client.get(url).text
    client.post(url, {"may_be_released": "on"})
    face.refresh_from_db()
    assert (face.may_be_seen, face.may_be_released) == (False, True)
    others = make_contribution(giver=make_user("bo"))
    assert client.post(f"/my/{others.pk}/consent/").status_code == 404


def test_who_agreed_to_an_older_text_may_agree_to_todays(
    client: Client, ada: User
) -> None:
    face = make_contribution(giver=ada, consent_version="2026-11")
    url = f"/my/{face.pk}/consent/"
    assert "What we ask has changed" in client.get(url).text
    for said, version in (({}, "2026-11"), ({"agree": "on"}, consent.VERSION)):
        client.post(url, {"may_be_seen": "on", **said})
        face.refresh_from_db()
        assert (face.may_be_seen, face.consent_version) == (True, version)
    assert "What we ask has changed" not in client.get(url).text


def test_consents_of_a_face_that_is_gone_already_are_not_found(
    client: Client, ada: User
):
    face = make_contribution(giver=ada, may_be_seen=True)
    url = f"/my/{face.pk}/consent/"
    assert client.get(url).status_code == 200
    withdrawals.withdraw(face)
    assert client.post(url, {"may_be_seen": "on"}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_consent_changed_while_its_face_is_withdrawn_gets_a_sentence(
    client: Client, ada: User
):
    face = make_contribution(giver=ada)
    deleted = threading.Event()

    def withdraw() -> None:
        with transaction.atomic():
            withdrawals.withdraw(face)
            deleted.set()
            wait_until_somebody_waits_for_us()

    def change() -> Any:
        assert deleted.wait(timeout=60)
        url = f"/my/{face.pk}/consent/"
        return client.post(url, {"may_be_seen": "on"}, follow=True)

    _receipt, answer = together(2, lambda i: (withdraw, change)[i]())
    assert answer.redirect_chain == [("/my/", 302)]
    assert "This face has been withdrawn." in answer.text
    assert "Saved." not in answer.text


def wait_until_somebody_waits_for_us() -> None:
    """Until another connection stands before a lock of this one."""
    for _ in range(6000):
        with connection.cursor() as cursor:
            cursor.execute(
                "select count(*) from pg_locks"
                " where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise TimeoutError


def test_the_download_holds_every_face_and_what_is_known_of_it(
    client: Client, ada: User
):
    faces = [make_contribution(giver=ada, emotion="fear") for _ in range(3)]
    bo = make_user("bo", is_superuser=True)
    make_contribution(giver=bo)
    accounts.set_password(ada, "a quiet evening", by=bo)
    client.force_login(ada)
    answer = client.get("/my/download/")
    assert answer["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    told = json.loads(archive.read("mien.json"))
    assert {row["id"] for row in told["faces"]} == {str(face.pk) for face in faces}
    for row in told["faces"]:
        assert archive.read(row["picture"]).startswith(b"\xff\xd8")
    assert told["account"]["email"] == ada.email
    assert [entry["act"] for entry in told["on_record"]] == ["password"]
    assert len(told["account"]["sessions"]) == 1
    assert told["account"]["tokens"] == []


def test_deleting_the_account_takes_everything_along(client: Client, ada: User):
    make_contribution(giver=ada)
    wrong = client.post("/my/delete/", {"email": "bo@example.org"})
    assert wrong.status_code == 400
    assert User.objects.filter(pk=ada.pk).exists()
    done = client.post("/my/delete/", {"email": "ADA@example.org "})
    assert "One face is gone" in done.text
    assert not User.objects.filter(pk=ada.pk).exists()
    assert not Contribution.objects.exists()
    assert client.get("/my/").status_code == 302


def test_a_face_is_shown_to_its_giver_and_to_reviewers_only(client: Client, ada: User):
    mine = make_contribution(giver=ada)
    others = make_contribution(giver=make_user("bo"))
    seen = client.get(f"/faces/{mine.pk}.jpg")
    assert seen.content.startswith(b"\xff\xd8")
    assert "no-store" in seen["Cache-Control"]
    assert client.get(f"/faces/{others.pk}.jpg").status_code == 404
    assert client.get(f"/faces/{uuid4()}.jpg").status_code == 404
    client.logout()
    assert client.get(f"/faces/{mine.pk}.jpg").status_code == 404
    client.force_login(make_user("rita", "reviewer"))
    assert client.get(f"/faces/{mine.pk}.jpg").status_code == 200


def test_a_withdrawn_face_is_gone_from_page_picture_and_download(
    client: Client, ada: User
):
    face = make_contribution(giver=ada)
    client.post("/my/withdraw/", {"face": [str(face.pk)], "sure": "yes"})
    assert str(face.pk) not in client.get("/my/").text
    assert client.get(f"/faces/{face.pk}.jpg").status_code == 404
    parts = b"".join(client.get("/my/download/").streaming_content)
    assert str(face.pk).encode() not in parts
