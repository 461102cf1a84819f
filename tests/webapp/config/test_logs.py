"""One JSON object a line, with the request's id, and nobody in it."""

import json
import logging
import sys
from io import StringIO

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from webapp.config import logs


@pytest.fixture
def lines() -> StringIO:
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


def said(message: str, *args: object, **extra: object) -> dict[str, object]:
    record = logging.LogRecord("x", logging.INFO, "f.py", 1, message, args, None)
    vars(record).update(extra)
    line: dict[str, object] = json.loads(logs.JsonFormatter().format(record))
    return line


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("Key (email)=(ada@example.org) already exists", "Key (email)=(<email>)"),
        ("from 203.0.113.7 again", "from <address> again"),
        ("from 2001:db8:0:1::7 again", "from <address> again"),
        ("redis://user:hunter2@host/0", "redis://user:<password>@host/0"),
        ("GET /withdraw/?secret=abc now", "GET /withdraw/?<query> now"),
        ("Exception while serving /reset/key/7-abc/", "while serving <path>"),
    ],
)
def test_people_and_secrets_are_struck_out(message: str, kept: str) -> None:
    assert kept in str(said("%s", message)["message"])


def test_times_and_versions_are_left_alone() -> None:
    told = "at 12:30:45 epoch 3: loss 0.5, tensorflow 2.21.0"
    assert said(told)["message"] == told


def test_a_traceback_names_nobody_either() -> None:
    try:
        raise ValueError("bad address ada@example.org")
    except ValueError:
        record = logging.LogRecord("x", 40, "f.py", 1, "no", (), sys.exc_info())
    line = logs.JsonFormatter().format(record)
    assert "ada@" not in line
    assert "<email>" in json.loads(line)["trace"]


@pytest.mark.django_db
def test_a_request_leaves_one_line_with_its_id_and_route_but_no_address(
    client: Client, lines: StringIO
) -> None:
    response = client.get(
        "/privacy/?token=hush", REMOTE_ADDR="203.0.113.7", HTTP_X_REQUEST_ID="abc-12345"
    )
    assert response["X-Request-ID"] == "abc-12345"
    ours = [json.loads(line) for line in lines.getvalue().splitlines()]
    [line] = [line for line in ours if line["logger"] == "mien.request"]
    assert line["request"] == "abc-12345"
    assert line["message"] == "200 GET /privacy/"
    assert "hush" not in lines.getvalue()
    assert "203.0.113.7" not in lines.getvalue()


def test_an_id_that_could_be_anything_is_replaced() -> None:
    seen = []

    def answer(request: HttpRequest) -> HttpResponse:
        seen.append(logs.request_id.get())
        return HttpResponse()

    for given in ("x" * 65, "a b", '"};'):
        request = RequestFactory().get("/", headers={"X-Request-ID": given})
        logs.requests(answer)(request)
    assert all(len(name) == 32 for name in seen)
    assert len(set(seen)) == 3
    assert logs.request_id.get() == ""


@pytest.mark.django_db
def test_a_path_that_is_a_secret_stays_out_when_it_is_not_found(
    client: Client, lines: StringIO
) -> None:
    assert client.get("/accounts/no/such/secret-link/").status_code == 404
    assert "secret-link" not in lines.getvalue()
