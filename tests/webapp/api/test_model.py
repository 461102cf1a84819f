import pytest
from django.test import Client

from labeling.models import ModelVersion
from ml.emotions import EMOTIONS

pytestmark = pytest.mark.django_db


def test_it_shows_the_champions_card(client: Client, champion: ModelVersion) -> None:
    said = client.get("/api/v1/model").json()
    assert said["name"] == champion.name
    assert said["emotions"] == list(EMOTIONS)
    assert said["card"]["files"]
    assert said["private_test"] is None


def test_without_a_champion_it_says_when_to_come_back(client: Client) -> None:
    answer = client.get("/api/v1/model")
    assert answer.status_code == 503
    assert answer["Retry-After"]


def test_it_refuses_to_be_posted_to(client: Client) -> None:
    assert client.post("/api/v1/model").status_code == 405


def test_an_address_of_the_api_that_is_not_there_answers_in_json(
    client: Client,
) -> None:
    answer = client.get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"
