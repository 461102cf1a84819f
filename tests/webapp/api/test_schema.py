"""The description of the API, which programs and the page at /api/docs/ read."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_only_what_needs_a_token_says_that_it_does(client: Client) -> None:
    paths = client.get("/api/schema/?format=json").json()["paths"]
    needs = {
        operation["operationId"]: "security" in operation
        for methods in paths.values()
        for operation in methods.values()
    }
    assert needs == {
        "detect": False,
        "contribute": False,
        "model": False,
        "start_training": True,
        "training": True,
        "cancel_training": True,
    }
