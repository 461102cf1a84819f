"""The description of the API, which programs and the page at /api/docs/ read."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_only_what_needs_a_token_says_that_it_does(client: Client) -> None:
    paths = client.get("/api/schema/?format=json").json()["paths"]
    operations = [one for methods in paths.values() for one in methods.values()]
    free = {one["operationId"] for one in operations if not one["security"]}
    assert free == {
        *("detect", "contribute", "withdraw_by_link"),
        *("model", "list_models", "show_model"),
        *("figures", "needs", "list_withdrawn"),
    }
