"""Urgent reports: hidden at once, told, decided on record, and not taken again."""

from typing import Any

import cv2
import numpy as np
import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from labeling.contributions import consent, face_reports, offers
from labeling.errors import Refused
from labeling.models import AuditEntry, Contribution, FaceReport, Withdrawal
from labeling.voting import votes
from ml.vision import fingerprint
from tests.support import factories
from tests.support.concurrency import together
from tests.support.public_site import open_to_the_public
from workers import launch, tasks

pytestmark = pytest.mark.django_db

VOTER: dict[str, Any] = {"by": None, "device": "d" * 64, "own": [], "network": "n"}


def shown(**fields: Any) -> Contribution:
    return factories.make_contribution(
        **{"may_be_seen": True, "screened_at": timezone.now(), **fields}
    )


def refusal(call: Any, *args: Any, **how: Any) -> str:
    with pytest.raises(Refused) as refused:
        call(*args, **how)
    assert str(refused.value)
    return refused.value.code


def photo(face: np.ndarray, *, quality: int = 95) -> bytes:
    """The face as somebody sends it."""
    _ok, jpeg = cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return jpeg.tobytes()


def test_a_reported_face_is_seen_by_no_voter_and_enters_no_training():
    face = shown(status="accepted")
    assert votes.next_face(**VOTER, skipping=[]) == face
    face_reports.report(face, "child")
    face.refresh_from_db()
    assert face.status == "hidden"
    assert votes.next_face(**VOTER, skipping=[]) is None
    assert refusal(votes.picture, face, **VOTER)
    assert face not in Contribution.objects.accepted()
    assert face not in Contribution.objects.undoubted()


def test_a_released_face_can_be_reported_and_one_that_nobody_sees_cannot():
    released = factories.make_contribution(
        status="accepted", may_be_released=True, released_at=timezone.now()
    )
    face_reports.report(released, "not_agreed")
    released.refresh_from_db()
    assert released.status == "hidden"
    private = factories.make_contribution()
    assert refusal(face_reports.report, private, "abuse") == "not_shown"
    assert refusal(face_reports.report, released, "ugly") == "reason_missing"


def test_a_second_report_changes_nothing():
    face = shown()
    first = face_reports.report(face, "child")
    assert face_reports.report(face, "abuse") == first
    assert FaceReport.objects.get().reason == "child"


def test_one_that_is_cleared_stands_as_before_on_record():
    rita = factories.make_user("rita", "reviewer")
    face = shown(status="accepted", emotion="sad")
    face_reports.clear(face_reports.report(face, "abuse"), by=rita)
    face.refresh_from_db()
    assert (face.status, face.decided_emotion) == ("accepted", "sad")
    assert face.screened_at
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.by_key, entry.subject) == (
        "cleared",
        rita.key,
        f"face {face.pk}",
    )
    assert entry.details == {"reason": "abuse"}


def test_one_whose_giver_agreed_no_more_is_cleared_but_not_shown():
    face = shown()
    reported = face_reports.report(face, "child")
    offers.change_consent(face, consent.given())
    face_reports.clear(reported, by=factories.make_user("rita", "reviewer"))
    face.refresh_from_db()
    assert (face.status, face.screened_at) == ("waiting", None)


@pytest.mark.parametrize("change", ["same", "mirrored", "smaller and worse"])
def test_a_picture_that_was_removed_is_not_taken_again(change: str):
    pixels = factories.make_face(3, side=200)
    face = shown(jpeg=photo(pixels))
    reported = face_reports.report(face, "abuse")
    face_reports.remove(reported, by=factories.make_user("rita", "reviewer"))
    assert not Contribution.objects.exists()
    assert Withdrawal.objects.get().contribution_id == face.pk
    assert AuditEntry.objects.get().act == "removed"
    again = {
        "same": pixels,
        "mirrored": np.ascontiguousarray(pixels[:, ::-1]),
        "smaller and worse": cv2.resize(pixels, (120, 120)),
    }[change]
    asked = {"by": None, "consent": consent.given(), "claim": None}
    jpeg = photo(again, quality=60)
    code = refusal(offers.offer, jpeg, "sad", **asked)
    assert code == "removed_before"
    other = photo(factories.make_face(4, side=200))
    assert offers.offer(other, "sad", **asked).contribution


def test_a_fingerprint_is_no_picture():
    assert len(fingerprint.fingerprint(factories.make_face(1))) == 18


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_one_is_first():
    reported = face_reports.report(shown(), "abuse")
    people = [factories.make_user(name, "reviewer") for name in ("rita", "rob")]

    def decide(number: int) -> str:
        try:
            (face_reports.remove, face_reports.clear)[number](
                reported, by=people[number]
            )
        except Refused as why:
            return why.code
        return "done"

    assert sorted(together(2, decide)) == ["already_decided", "done"]
    assert AuditEntry.objects.count() == 1


def test_nobody_decides_about_a_report_of_his_own_gift():
    rita = factories.make_user("rita", "reviewer")
    factories.make_user("rob", "reviewer")
    reported = face_reports.report(shown(giver=rita), "child")
    assert refusal(face_reports.clear, reported, by=rita) == "own_gift"


def test_the_operator_is_told_once_without_the_picture(settings: Settings):
    open_to_the_public(settings)
    factories.make_user("root", is_superuser=True)
    reported = face_reports.report(shown(), "child")
    for _twice in range(2):
        tasks.alert(reported.pk)
    [letter] = mail.outbox
    assert letter.to == ["lab@face.example", "root@example.org"]
    assert "it shows a child" in letter.body
    assert f"{settings.SITE_URL}/faces/reported/" in letter.body
    assert letter.attachments == []
    assert face_reports.not_alerted() == []


def test_a_mail_that_could_not_be_sent_waits_for_the_sweeper(
    monkeypatch: pytest.MonkeyPatch,
):
    factories.make_user("root", is_superuser=True)
    reported = launch.report_face(shown(), "child")

    def broken(*_: object, **__: object) -> None:
        raise OSError("no mail server")

    monkeypatch.setattr(face_reports, "send_mail", broken)
    with pytest.raises(OSError, match="no mail server"):
        tasks.alert(reported.pk)
    assert face_reports.not_alerted() == [reported.pk]


def test_withdrawing_it_ends_the_report():
    from labeling.contributions import withdrawals

    face = shown()
    face_reports.report(face, "child")
    withdrawals.withdraw(face)
    assert not FaceReport.objects.exists()
