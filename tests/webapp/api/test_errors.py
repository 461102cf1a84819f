"""Every "no" of the API in one form, with a code that its description knows."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.test import Client

from tests.support.api_clients import Program
from tests.support.factories import make_photo, make_user
from webapp.api import errors
from webapp.http import error_responses

pytestmark = pytest.mark.django_db

# Said by acts that have no address in the API.
ELSEWHERE = {
    *("address_taken", "last_admin", "no_face", "no_photo", "several_faces"),
    *("not_whole", "already_answered", "notice_first", "no_engine", "no_detector"),
    *("no_such_model", "no_decision", "removed_before", "unknown_account"),
    *("no_training_address", "too_few_hosts"),
    *("bad_url", "unknown_event", "not_in_quarantine", "own_suspicion"),
}


def test_it_comes_as_problem_details_too() -> None:
    answer = Program().get("nothing/here", Accept="application/json")
    said = Program().get("models/nothing").json()
    assert answer.status_code == said["status"] == 404
    assert said["title"] == "Not Found"
    assert said["type"] == "urn:mien:problem:not_found"
    assert said["error"] == {"code": "not_found", "message": said["detail"]}


def test_who_reads_problem_details_gets_their_type() -> None:
    both = "application/json, application/problem+json"
    answer = Program().get("models/nothing", Accept=both)
    assert answer["Content-Type"] == "application/problem+json"
    assert Program().get("models/nothing")["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("detect?crops=banana", "crops"),
        ("detect?corps=1", "corps"),
        ("detect?crops=1&crops=0", "crops"),
    ],
)
def test_what_is_not_understood_is_refused_by_its_name(
    client: Client, path: str, field: str
) -> None:
    answer = client.post(f"/api/v1/{path}", make_photo(29), content_type="image/jpeg")
    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == [field]


@pytest.mark.parametrize(
    "sent",
    [
        {"preset": "quick", "network": "nonesuch"},
        {"preset": "quick", "epoch": 3},
        {"preset": "quick", "epochs": "3"},
        {"preset": "quick", "weight": 0.01},
    ],
)
def test_a_training_is_checked_before_it_is_queued(sent: dict[str, Any]) -> None:
    answer = Program(make_user("tom", "trainer")).post("trainings", sent)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid"
    assert answer.json()["error"]["fields"].keys() <= sent.keys()


def test_every_refusal_of_the_site_has_its_status_and_is_described() -> None:
    root = Path(site.BASE_DIR)
    files = [*root.glob("labeling/**/*.py"), *root.glob("webapp/**/*.py")]
    text = "".join(file.read_text() for file in files)
    said = set(re.findall(r'Refused\(\s*"(\w+)"', text)) - ELSEWHERE
    assert len(said) > 20
    wanted = {
        code: error_responses.STATUS.get(code, 400)
        for code in {*said, *error_responses.STATUS}
    }
    known = {code: errors.STATUS.get(code) for code in wanted}
    assert known == wanted, "CODES of webapp/api/errors.py, or ELSEWHERE above"


def test_pictures_that_cannot_be_looked_at_are_described() -> None:
    for code, (status, _sentence) in error_responses.IMAGE_ERRORS.items():
        assert errors.STATUS[code] == status
