from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from labeling.contributions import withdrawals
from labeling.models import Contribution, Review, User
from labeling.registry import serving
from labeling.review import decisions
from tests.support.concurrency import together
from tests.support.factories import make_contribution, make_user

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def rita(client: Client) -> User:
    rita = make_user("rita", "reviewer")
    client.force_login(rita)
    return rita


def decide(client: Client, face: Contribution, act: str, **said: Any) -> str:
    url = f"/review/{face.pk}/decide/"
    return client.post(url, {"act": act, **said}, headers=HTMX).text


def state(face: Contribution) -> tuple[str, str]:
    face.refresh_from_db()
    return face.status, face.decided_emotion


def test_only_reviewers_come_in(client: Client):
    assert client.get("/review/").url.startswith("/accounts/login/")
    client.force_login(make_user("ada"))
    assert client.get("/review/").status_code == 403


def test_the_desk_shows_a_face_with_all_that_helps(client: Client, rita: User):
    bo = make_user("bo")
    make_contribution(giver=bo, status="accepted")
    cluster = uuid4()
    copy = make_contribution(cluster=cluster, priority=0)
    make_contribution(
        giver=bo,
        emotion="fear",
        model_emotion="surprise",
        model_probabilities={"surprise": 0.7, "fear": 0.2},
        cluster=cluster,
        priority=2,
    )
    html = client.get("/review/").text
    assert "Accept as fear" in html
    assert "disagrees" in html
    assert "2 given, 1 accepted, 0 rejected" in html
    assert f"/review/{copy.pk}/" in html
    assert "2 faces waiting" in html


def test_two_labels_of_one_picture_are_a_conflict_on_the_desk(
    client: Client, rita: User
):
    cluster = uuid4()
    make_contribution(emotion="fear", cluster=cluster, priority=3)
    twin = make_contribution(emotion="fear", cluster=cluster)
    assert "conflict" not in client.get("/review/").text
    Contribution.objects.filter(pk=twin.pk).update(emotion="sad")
    conflict = client.get("/review/").text.partition("also labelled:")[2]
    assert "is-sad" in conflict.partition("</p>")[0]
    decisions.reject(twin, by=rita, reason="duplicate")
    assert "conflict" not in client.get("/review/").text


def test_accept_relabel_and_reject_decide_and_bring_the_next(
    client: Client, rita: User
):
    faces = [make_contribution(emotion="fear", priority=3 - n) for n in range(3)]
    html = decide(client, faces[0], "accept")
    assert state(faces[0]) == ("accepted", "fear")
    assert f"/review/{faces[1].pk}/decide/" in html
    decide(client, faces[1], "relabel", emotion="surprise")
    assert state(faces[1]) == ("accepted", "surprise")
    html = decide(client, faces[2], "reject", reason="not_clear", note="<b>dark</b>")
    assert state(faces[2]) == ("rejected", "")
    assert "No face is waiting" in html
    assert [e.by for e in Review.objects.all()] == [rita] * 3


def test_the_number_of_the_givers_own_emotion_accepts(client: Client, rita: User):
    face = make_contribution(emotion="fear")
    decide(client, face, "relabel", emotion="fear")
    assert Review.objects.get().act == "accept"


def test_between_faces_only_a_part_of_the_page_travels(client: Client, rita: User):
    assert "<html" not in decide(client, make_contribution(), "accept")


def test_a_face_found_fit_to_show_stays_on_the_desk(client: Client, rita: User):
    face = make_contribution(may_be_seen=True)
    html = decide(client, face, "screen")
    assert "shown to voters" in html
    assert f"/review/{face.pk}/decide/" in html
    face.refresh_from_db()
    assert face.screened_at


def test_the_second_of_two_reviewers_gets_a_kind_word(client: Client, rita: User):
    face = make_contribution(emotion="fear")
    decisions.reject(face, by=make_user("rob", "reviewer"), reason="not_clear")
    html = decide(client, face, "accept")
    assert "The first decision stands." in html
    assert state(face)[0] == "rejected"


@pytest.mark.django_db(transaction=True)
def test_of_two_decisions_at_once_one_stands():
    face = make_contribution(emotion="fear")
    clients = []
    for name in ("rita", "rob"):
        client = Client()
        client.force_login(make_user(name, "reviewer"))
        clients.append(client)
    acts = ({"act": "accept"}, {"act": "relabel", "emotion": "sad"})
    together(2, lambda i: decide(clients[i], face, **acts[i]))
    assert Review.objects.count() == 1


def test_two_reviewers_never_get_the_same_face(client: Client, rita: User):
    one, two = make_contribution(priority=2), make_contribution(priority=1)
    other = Client()
    other.force_login(make_user("rob", "reviewer"))
    assert str(one.pk) in client.get("/review/").text
    html = other.get("/review/").text
    assert str(two.pk) in html
    assert str(one.pk) not in html


def test_undo_brings_the_last_face_back(client: Client, rita: User):
    face = make_contribution(emotion="fear")
    decide(client, face, "accept")
    html = client.post("/review/undo/", headers=HTMX).text
    assert "Undone" in html
    assert f"/review/{face.pk}/decide/" in html
    assert state(face)[0] == "waiting"
    assert "nothing to undo" in client.post("/review/undo/", headers=HTMX).text


def test_a_skipped_face_does_not_come_back_this_session(client: Client, rita: User):
    one, two = make_contribution(priority=2), make_contribution(priority=1)
    html = client.post(f"/review/{one.pk}/skip/", headers=HTMX).text
    assert f"/review/{two.pk}/decide/" in html
    assert f"/review/{one.pk}/decide/" not in client.get("/review/").text
    assert state(one)[0] == "waiting"
    html = client.post(f"/review/{two.pk}/skip/", headers=HTMX).text
    assert "Only faces that you skipped" in html
    html = client.post("/review/again/", headers=HTMX).text
    assert f"/review/{one.pk}/decide/" in html


def test_filters_narrow_the_desk_and_stay_while_deciding(client: Client, rita: User):
    make_contribution(emotion="fear", priority=2)
    happy = make_contribution(emotion="happy")
    more = make_contribution(emotion="happy")
    html = client.get("/review/?emotion=happy").text
    assert f"/review/{happy.pk}/decide/?emotion=happy" in html
    url = f"/review/{happy.pk}/decide/?emotion=happy"
    html = client.post(url, {"act": "accept"}, headers=HTMX).text
    assert f"/review/{more.pk}/decide/" in html


@pytest.mark.parametrize(
    "query", ["?emotion=bored", "?giver=x", "?cluster=1", "?show=²", "?source=<b>"]
)
def test_odd_filters_are_left_out(client: Client, rita: User, query: str):
    face = make_contribution()
    assert f"/review/{face.pk}/decide/" in client.get(f"/review/{query}").text


def test_the_grid_decides_about_a_selection(client: Client, rita: User):
    faces = [make_contribution(jpeg=b"x") for _ in range(4)]
    assert client.get("/review/grid/").text.count('name="face"') == 4
    ids = [str(face.pk) for face in faces[:3]]
    client.post("/review/bulk/", {"act": "accept", "face": ids})
    assert [state(face)[0] for face in faces] == ["accepted"] * 3 + ["waiting"]
    assert Review.objects.count() == 3


def test_a_bulk_passes_over_what_was_decided_meanwhile(client: Client, rita: User):
    faces = [make_contribution(jpeg=b"x") for _ in range(2)]
    decisions.reject(faces[0], by=rita, reason="not_clear")
    data = {"act": "accept", "face": [str(face.pk) for face in faces]}
    page = client.post("/review/bulk/", data, follow=True)
    assert "1 accepted, 1 skipped: already decided" in page.text
    assert state(faces[0])[0] == "rejected"


def test_a_bulk_finds_faces_fit_to_show(client: Client, rita: User):
    faces = [make_contribution(jpeg=b"x", may_be_seen=n > 0) for n in range(3)]
    data = {"act": "screen", "face": [str(face.pk) for face in faces]}
    page = client.post("/review/bulk/", data, follow=True)
    assert "2 now shown to voters, 1 skipped: not to be seen by others" in page.text
    assert Contribution.objects.seeable().count() == 2


def test_a_bulk_is_undone_by_one_button_where_it_stands(client: Client, rita: User):
    make_user("rob", "reviewer")
    faces = [make_contribution(jpeg=b"x") for _ in range(3)]
    mine = make_contribution(giver=rita, jpeg=b"x")
    ids = [str(face.pk) for face in (*faces, mine)]
    grid = "/review/grid/?source=site"
    data = {"act": "accept", "face": ids}
    page = client.post("/review/bulk/?source=site", data, follow=True)
    assert "3 accepted, 1 skipped: your own gift" in page.text
    assert "Undo: 3 accepted" in page.text
    decisions.undo(faces[0], by=rita)
    decisions.reject(faces[0], by=rita, reason="not_clear")
    page = client.post("/review/bulk/undo/", follow=True)
    assert page.redirect_chain == [(grid, 302)]
    assert "2 undone, 1 skipped: changed since" in page.text
    assert "Undo: 3 accepted" not in page.text
    assert [state(face)[0] for face in faces] == ["rejected", "waiting", "waiting"]
    assert "nothing to undo" in client.post("/review/bulk/undo/", follow=True).text


def test_a_bulk_gives_no_other_expression(client: Client, rita: User):
    face = make_contribution(may_be_seen=True)
    data = {"act": "relabel", "emotion": "sad", "face": [str(face.pk)]}
    client.post("/review/bulk/", data)
    assert not Review.objects.exists()


def test_a_bulk_of_nothing_does_nothing(client: Client, rita: User):
    page = client.post("/review/bulk/", {"act": "accept", "face": ["x"]}, follow=True)
    assert page.status_code == 200
    assert "Nothing is selected" in client.post("/review/bulk/", follow=True).text


def test_a_bulk_can_reject_all_of_one_giver(client: Client, rita: User):
    bo = make_user("bo")
    for _ in range(3):
        make_contribution(giver=bo, jpeg=b"x")
    other = make_contribution(jpeg=b"x")
    html = client.get(f"/review/grid/?giver={bo.pk}").text
    assert html.count('name="face"') == 3
    ids = [str(pk) for pk in bo.gifts.values_list("pk", flat=True)]
    url = f"/review/bulk/?giver={bo.pk}"
    client.post(url, {"act": "reject", "reason": "inappropriate", "face": ids})
    assert not bo.gifts.waiting().exists()
    assert state(other)[0] == "waiting"


def test_a_whole_giver_is_rejected_at_once_beyond_what_is_shown(
    client: Client, rita: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("webapp.views.review.GRID", 2)
    bo = make_user("bo")
    for _ in range(5):
        make_contribution(giver=bo, jpeg=b"x")
    other = make_contribution(jpeg=b"x")
    url = f"/review/bulk/?giver={bo.pk}"
    assert "All 5, not only" in client.get(f"/review/grid/?giver={bo.pk}").text
    client.post(url, {"act": "reject", "reason": "no_consent", "whole": "on"})
    assert bo.gifts.filter(status="rejected").count() == 5
    client.post("/review/bulk/", {"act": "accept", "whole": "on"})
    assert state(other)[0] == "waiting"


def test_the_history_tells_who_did_what_when_and_why(client: Client, rita: User):
    face = make_contribution(emotion="fear")
    decisions.reject(face, by=rita, reason="poor_picture", note="<i>too dark</i>")
    html = client.get(f"/review/{face.pk}/").text
    assert "poor picture" in html
    assert "rita" in html
    assert "&lt;i&gt;too dark&lt;/i&gt;" in html
    client.post(f"/review/{face.pk}/undo/")
    assert state(face)[0] == "waiting"
    assert "undone" in client.get(f"/review/{face.pk}/").text


def test_a_face_withdrawn_meanwhile_is_told_of(client: Client, rita: User):
    face = make_contribution()
    url = f"/review/{face.pk}/decide/"
    face.crop.delete()
    face.delete()
    assert "withdrawn meanwhile" in client.post(url, {"act": "accept"}).text
    assert client.get(f"/review/{face.pk}/").status_code == 404


@pytest.mark.parametrize(
    "said", [{}, {"act": "undo"}, {"act": "reject"}, {"act": "relabel"}]
)
def test_what_is_no_decision_changes_nothing(
    client: Client, rita: User, said: dict[str, str]
):
    face = make_contribution()
    page = client.post(f"/review/{face.pk}/decide/", said)
    assert page.status_code == 200
    assert state(face)[0] == "waiting"


@pytest.mark.usefixtures("champion")
def test_where_the_model_looks_is_a_picture_of_its_own(client: Client, rita: User):
    face = make_contribution()
    url = f"/review/{face.pk}/evidence.png"
    assert url in client.get("/review/").text
    answer = client.get(url)
    assert answer.content.startswith(b"\x89PNG")
    assert "no-store" in answer["Cache-Control"]
    giver = Client()
    assert giver.get(url).url.startswith("/accounts/login/")
    giver.force_login(make_user("ada"))
    assert giver.get(url).status_code == 403
    withdrawals.withdraw(face)
    assert client.get(url).status_code == 404


def test_without_a_model_there_is_nothing_to_lay_over_a_face(
    client: Client, rita: User
):
    serving.forget()
    url = f"/review/{make_contribution().pk}/evidence.png"
    assert client.get(url).status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_queue(client: Client, rita: User):
    counts = []
    for n in (3, 40):
        for _ in range(n):
            make_contribution(jpeg=b"x", giver=make_user(f"g{uuid4().hex[:8]}"))
        for url in ("/review/", "/review/grid/"):
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                client.get(url)
            counts.append(len(queries))
    assert counts[:2] == counts[2:]


def test_decisions_come_by_post_with_csrf(client: Client, rita: User):
    face = make_contribution()
    for path in (f"{face.pk}/decide", f"{face.pk}/skip", "again", "undo", "bulk"):
        assert client.get(f"/review/{path}/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(rita)
    url = f"/review/{face.pk}/decide/"
    assert strict.post(url, {"act": "accept"}).status_code == 403
