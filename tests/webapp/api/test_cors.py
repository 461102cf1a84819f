"""Other sites' scripts may call the API where the site's settings name them."""

from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db

OTHER = "https://app.example"


@pytest.fixture
def open_to_other(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [OTHER]


def test_by_default_no_other_site_may(client: Client) -> None:
    answer = client.get("/api/v1/needs", headers={"Origin": OTHER})
    assert "Access-Control-Allow-Origin" not in answer


@pytest.mark.usefixtures("open_to_other")
def test_one_that_is_named_may_but_without_cookies(client: Client) -> None:
    answer = client.get("/api/v1/needs", headers={"Origin": OTHER})
    assert answer["Access-Control-Allow-Origin"] == OTHER
    assert "Access-Control-Allow-Credentials" not in answer
    asked = {"Origin": OTHER, "Access-Control-Request-Method": "POST"}
    before = client.options("/api/v1/contributions", headers=asked)
    assert "authorization" in before["Access-Control-Allow-Headers"]


@pytest.mark.usefixtures("open_to_other")
@pytest.mark.parametrize("path", ["/", "/data/numbers.json", "/api/schema/"])
def test_pages_are_open_to_nobody(client: Client, path: str) -> None:
    answer = client.get(path, headers={"Origin": OTHER})
    assert "Access-Control-Allow-Origin" not in answer


@pytest.mark.usefixtures("open_to_other")
def test_a_third_site_stays_out(client: Client) -> None:
    answer = client.get("/api/v1/needs", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in answer
