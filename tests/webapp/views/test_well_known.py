from datetime import datetime, timedelta
from urllib.robotparser import RobotFileParser

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

pytestmark = pytest.mark.django_db

SECURITY = "/.well-known/security.txt"


@pytest.mark.parametrize("path", ["/", "/about/", "/live/", "/models/x/", "/data/"])
def test_search_engines_may_read_what_is_for_everyone(
    client: Client, path: str
) -> None:
    assert robots(client).can_fetch("anybot", path)


@pytest.mark.parametrize(
    "path",
    [
        *("/faces/1.jpg", "/my/", "/account/", "/accounts/login/", "/admin/"),
        *("/review/", "/training/1/", "/vote/", "/withdraw/", "/api/v1/model"),
    ],
)
def test_and_nothing_of_persons(client: Client, path: str) -> None:
    assert not robots(client).can_fetch("anybot", path)


def robots(client: Client) -> RobotFileParser:
    answer = client.get("/robots.txt")
    assert answer["Content-Type"].startswith("text/plain")
    parser = RobotFileParser()
    parser.parse(answer.text.splitlines())
    return parser


def test_who_finds_a_hole_learns_whom_to_tell(
    client: Client, settings: LazySettings
) -> None:
    settings.SECURITY_CONTACT = "mailto:security@example.org"
    settings.SITE_URL = "https://mien.example"
    fields = security_txt(client)
    assert fields["Contact"] == "mailto:security@example.org"
    assert fields["Canonical"] == f"https://mien.example{SECURITY}"
    expires = datetime.fromisoformat(fields["Expires"])
    assert timedelta(days=30) < expires - timezone.now() < timedelta(days=365)
    assert "Policy" not in fields


def test_and_what_is_promised_where_that_stands_somewhere(
    client: Client, settings: LazySettings
) -> None:
    settings.SECURITY_CONTACT = "https://example.org/report"
    settings.SECURITY_POLICY = "https://example.org/policy"
    assert security_txt(client)["Policy"] == "https://example.org/policy"


def security_txt(client: Client) -> dict[str, str]:
    answer = client.get(SECURITY)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    return dict(line.split(": ", 1) for line in answer.text.splitlines())


def test_without_anybody_to_tell_there_is_no_such_file(
    client: Client, settings: LazySettings
) -> None:
    settings.SECURITY_CONTACT = ""
    assert client.get(SECURITY).status_code == 404


@pytest.mark.parametrize("path", ["/robots.txt", SECURITY])
def test_they_are_only_read(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
