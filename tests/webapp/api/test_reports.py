from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings

from labeling.models import AuditEntry, Contribution, FaceReport
from tests.support.api_clients import Program
from tests.support.factories import make_contribution, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer() -> Program:
    return Program(make_user("rita", "reviewer"))


def shown(**fields: Any) -> Contribution:
    seen = {"may_be_seen": True, "screened_at": timezone.now()}
    return make_contribution(**{**seen, **fields})


def report(face: Contribution, by: Program | None = None) -> Any:
    sent = {"face": str(face.pk), "reason": "child"}
    return (by or Program()).post("reports", sent)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_anybody_has_a_face_hidden() -> None:
    face = shown()
    answer = report(face)
    assert (answer.status_code, answer.json()) == (201, {"face": str(face.pk)})
    face.refresh_from_db()
    assert face.status == "hidden"
    assert FaceReport.objects.get().reason == "child"


def test_a_second_report_tells_nothing_of_the_first() -> None:
    face = shown()
    assert report(face).json() == report(face, Program(make_user("ada"))).json()
    assert FaceReport.objects.count() == 1


def test_a_token_of_any_scope_reports() -> None:
    assert report(shown(), Program(make_user("ada"), ["detect"])).status_code == 201


def test_what_is_not_shown_cannot_be_reported() -> None:
    private = make_contribution()
    assert code(report(private)) == (404, "not_shown")
    sent = {"face": str(uuid4()), "reason": "child"}
    assert code(Program().post("reports", sent)) == (404, "not_shown")
    private.refresh_from_db()
    assert private.status == "waiting"


@pytest.mark.parametrize("sent", [{"reason": "rude"}, {}, {"reason": ""}])
def test_only_the_known_reasons_count(sent: dict[str, str]) -> None:
    answer = Program().post("reports", {"face": str(shown().pk), **sent})
    assert code(answer) == (400, "invalid")
    assert not FaceReport.objects.exists()


def test_nobody_hides_many(settings: Settings) -> None:
    settings.REPORT_RATE = (1, 3600)
    assert [report(shown()).status_code for _ in range(2)] == [201, 429]


def test_reviewers_list_the_oldest_first(reviewer: Program) -> None:
    faces = [shown(), shown(released_at=timezone.now())]
    for face in faces:
        report(face)
    first, second = reviewer.get("reports").json()["results"]
    assert [first["face"], second["face"]] == [str(face.pk) for face in faces]
    assert (first["reason"], first["emotion"]) == ("child", "happy")
    assert (first["is_released"], second["is_released"]) == (False, True)
    picture = reviewer.get(f"contributions/{first['face']}/picture")
    assert picture.status_code == 200


def test_a_decision_is_the_pages_own(reviewer: Program) -> None:
    kept, removed = shown(), shown()
    for face, act in ((kept, "clear"), (removed, "remove")):
        report(face)
        pk = FaceReport.objects.get().pk
        answer = reviewer.post(f"reports/{pk}/decisions", {"act": act})
        assert answer.status_code == 201
        assert answer.json() == {"report": pk, "face": str(face.pk), "act": act}
    kept.refresh_from_db()
    assert (kept.status, kept.screened_at is not None) == ("waiting", True)
    assert not Contribution.objects.filter(pk=removed.pk).exists()
    acts = AuditEntry.objects.order_by("pk").values_list("act", flat=True)
    assert len(acts) == 2
    answer = reviewer.post(f"reports/{pk}/decisions", {"act": "clear"})
    assert code(answer) == (404, "not_found")


def test_who_gave_the_face_does_not_decide() -> None:
    rita = make_user("rita", "reviewer")
    make_user("rob", "reviewer")
    report(shown(giver=rita))
    pk = FaceReport.objects.get().pk
    answer = Program(rita).post(f"reports/{pk}/decisions", {"act": "clear"})
    assert code(answer) == (400, "own_gift")


@pytest.mark.parametrize("path", ["reports", "reports/1/decisions"])
def test_only_reviewers_see_and_decide(path: str) -> None:
    ask = "get" if path == "reports" else "post"
    assert code(getattr(Program(make_user("ada")), ask)(path)) == (
        403,
        "permission_denied",
    )
    rita = Program(make_user("rita", "reviewer"), ["read"])
    assert code(getattr(rita, ask)(path)) == (403, "scope_missing")
