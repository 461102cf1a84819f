"""How problems are answered: by the view that says how, else by pages of their own."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from labeling.detection import photos
from labeling.errors import Refused
from ml.vision.decode import BadPicture
from webapp.http import admission
from webapp.http.error_responses import EXPECTED, Problem, attempt, on_problem

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

ERRORS: dict[str, tuple[Exception, int, str]] = {
    "refused": (Refused("no", "Not like that."), 400, "Not like that."),
    "decided": (Refused("already_decided", "Too late."), 409, "Too late."),
    "broken": (BadPicture("broken", ""), 400, "This picture is damaged"),
    "often": (admission.TooMany(7), 429, "Please wait 7 seconds"),
    "busy": (admission.Busy(), 503, "Many people are here"),
    "unready": (photos.NoModel(), 503, "No model is ready yet"),
}
HTMX = {"HX-Request": "true"}


def fail(request: HttpRequest, name: str) -> HttpResponse:
    raise ERRORS[name][0] if name in ERRORS else ZeroDivisionError


@on_problem(lambda request, problem: problem.on(HttpResponse(f"mine: {problem.code}")))
def fail_in_its_own_page(request: HttpRequest, name: str) -> HttpResponse:
    return fail(request, name)


urlpatterns = [
    path("fail/<str:name>/", fail),
    path("own/<str:name>/", fail_in_its_own_page),
    path("", include("webapp.urls")),
]


def test_every_expected_error_is_tried_here() -> None:
    assert {type(error) for error, _status, _text in ERRORS.values()} == set(EXPECTED)


@pytest.mark.parametrize("name", ERRORS)
def test_it_is_a_page_with_the_sentence_and_the_status(
    client: Client, name: str
) -> None:
    _error, status, text = ERRORS[name]
    answer = client.get(f"/fail/{name}/")
    assert answer.status_code == status
    assert text in answer.text
    assert "<html" in answer.text


@pytest.mark.parametrize("name", ERRORS)
def test_a_script_gets_a_part_of_a_page(client: Client, name: str) -> None:
    _error, status, text = ERRORS[name]
    answer = client.get(f"/fail/{name}/", headers=HTMX)
    assert answer.status_code == status
    assert text in answer.text
    assert "<html" not in answer.text


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("often", "7"), ("busy", "1"), ("unready", "30"), ("refused", None)],
)
@pytest.mark.parametrize("where", ["fail", "own"])
def test_it_says_when_to_come_back(
    client: Client, where: str, name: str, seconds: str | None
) -> None:
    assert client.get(f"/{where}/{name}/").get("Retry-After") == seconds


def test_a_view_may_answer_in_its_own_page(client: Client) -> None:
    answer = client.get("/own/decided/")
    assert (answer.status_code, answer.text) == (409, "mine: already_decided")


@pytest.mark.parametrize("where", ["fail", "own"])
def test_what_is_not_expected_is_still_our_fault(client: Client, where: str) -> None:
    client.raise_request_exception = False
    answer = client.get(f"/{where}/bug/")
    assert answer.status_code == 500
    with pytest.raises(ZeroDivisionError):
        attempt(lambda: 1 // 0)


def test_one_of_several_may_fail_by_itself() -> None:
    def act(n: int) -> Any:
        return n if n else fail(HttpRequest(), "refused")

    first, second = attempt(act, 1), attempt(act, 0)
    assert first == 1
    assert isinstance(second, Problem)
    assert (second.code, second.message) == ("no", "Not like that.")
