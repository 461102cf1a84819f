"""One's own faces by the API: listed, looked at, changed, taken back."""

import pytest

from labeling.contributions import consent, offers
from labeling.models import Contribution, Scope, Withdrawal
from tests.support.api_clients import Program
from tests.support.factories import (
    make_contribution,
    make_face_jpeg,
    make_run_on,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db


def give_without_account(seed: int) -> offers.Offer:
    return offers.offer(
        make_face_jpeg(seed), "sad", by=None, consent=consent.given(), claim=None
    )


def test_ones_own_faces_come_page_by_page_the_latest_first() -> None:
    ada = make_user("ada")
    given = [str(make_contribution(giver=ada).pk) for _ in range(5)]
    make_contribution(giver=make_user("bob"))
    program, address, seen = Program(ada), "contributions?limit=2", []
    while address:
        page = program.get(address).json()
        seen += [face["id"] for face in page["results"]]
        address = (page["next"] or "").removeprefix("http://testserver")
    assert seen == given[::-1]


def test_a_list_is_narrowed_by_status_and_emotion() -> None:
    ada = make_user("ada")
    kept = make_contribution(giver=ada, status="accepted", emotion="fear")
    make_contribution(giver=ada, emotion="fear")
    make_contribution(giver=ada, status="accepted")
    found = Program(ada).get("contributions?status=accepted&emotion=fear").json()
    assert [face["id"] for face in found["results"]] == [str(kept.pk)]


@pytest.mark.parametrize("cursor", ["x", "cD0x", "cD1ub3doZXJl", "bz05OTk5OTk5OTk5"])
def test_a_cursor_that_we_did_not_make_leads_nowhere(cursor: str) -> None:
    ada = make_user("ada")
    make_contribution(giver=ada)
    answer = Program(ada).get(f"contributions?cursor={cursor}")
    assert answer.status_code in (200, 404)


def test_a_face_says_what_became_of_it() -> None:
    ada = make_user("ada")
    face = make_contribution(giver=ada, status="accepted", decided_emotion="fear")
    make_version("mien-9", run=make_run_on(face))
    said = Program(ada).get(f"contributions/{face.pk}").json()
    assert (said["status"], said["decided_emotion"]) == ("accepted", "fear")
    assert said["versions"] == ["mien-9"]
    assert said["model_probabilities"] is None
    assert not said["consent"]["in_doubt"]


def test_the_picture_is_for_its_giver_and_for_reviewers() -> None:
    ada = make_user("ada")
    face = make_contribution(giver=ada, jpeg=make_face_jpeg(7))
    path = f"contributions/{face.pk}/picture"
    assert Program(ada).get(path).content == make_face_jpeg(7)
    assert Program(make_user("rea", "reviewer")).get(path).status_code == 200
    assert Program(make_user("bob")).get(path).status_code == 404


def test_the_consent_is_changed_and_holds_from_now_on() -> None:
    ada = make_user("ada")
    face = make_contribution(giver=ada)
    sent = {"may_be_seen": True, "may_be_released": False}
    answer = Program(ada).ask("PATCH", f"contributions/{face.pk}", sent)
    assert answer.json()["consent"]["may_be_seen"]
    face.refresh_from_db()
    assert (face.may_be_seen, face.may_be_released) == (True, False)


def test_consent_in_doubt_takes_all_four() -> None:
    ada = make_user("ada")
    face = make_contribution(giver=ada, consent_in_doubt="keep")
    sent = {"may_be_seen": False, "may_be_released": False}
    program, path = Program(ada), f"contributions/{face.pk}"
    assert program.ask("PATCH", path, sent).status_code == 400
    sent |= {"adult": True, "keep": True}
    assert program.ask("PATCH", path, sent).status_code == 200
    face.refresh_from_db()
    assert not face.consent_in_doubt


def test_a_face_is_taken_back_once() -> None:
    ada = make_user("ada")
    face = make_contribution(giver=ada)
    program, path = Program(ada), f"contributions/{face.pk}"
    receipt = program.ask("DELETE", path).json()
    assert receipt["withdrawn"] == [str(face.pk)]
    assert program.ask("DELETE", path).status_code == 404
    assert Withdrawal.objects.filter(pk=face.pk).exists()


def test_private_links_take_faces_back_without_an_account() -> None:
    one, other = give_without_account(1), give_without_account(2)
    links = [f"https://mien.example/withdraw/#{one.secret}", other.secret, "unknown"]
    said = Program().post("withdrawals", {"links": links}).json()
    assert set(said["withdrawn"]) == {
        str(one.contribution.pk),
        str(other.contribution.pk),
    }
    assert said["unknown"] == 1
    assert not Contribution.objects.exists()


def test_links_that_are_all_unknown_are_a_404() -> None:
    answer = Program().post("withdrawals", {"links": ["unknown"]})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "unknown_link"


def test_a_token_does_what_its_scopes_say() -> None:
    ada = make_user("ada")
    face = make_contribution(giver=ada)
    reader = Program(ada, scopes=[Scope.READ])
    assert reader.get(f"contributions/{face.pk}").status_code == 200
    refused = reader.ask("DELETE", f"contributions/{face.pk}")
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "scope_missing"
    assert Contribution.objects.filter(pk=face.pk).exists()
