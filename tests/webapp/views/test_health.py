from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from pytest_django import Settings

from labeling import audit
from labeling.registry import serving
from tests.support.factories import make_user
from webapp.views import health
from workers import heartbeat

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> None:
    serving.forget()


def test_without_workers_and_champion_it_is_in_trouble_and_says_where(
    client: Client,
) -> None:
    response = client.get("/health")
    assert response.status_code == 503
    answer = response.json()
    assert answer["status"] == "trouble"
    assert answer["database"] == {"ok": True}
    assert answer["broker"] == {"ok": True}
    assert answer["workers"] == {"ok": False, "default": 0, "training": 0}
    assert answer["champion"] == {"ok": False, "name": None, "problems": []}
    assert answer["detector"]["ok"]


def test_workers_are_seen_by_their_heartbeat(client: Client) -> None:
    for queue in heartbeat.QUEUES:
        heartbeat.broker().set(f"mien:worker:{queue}:here:1", 1, ex=30)
    assert client.get("/health").json()["workers"] == {
        "ok": True,
        "default": 1,
        "training": 1,
    }


def test_a_broker_that_is_away_is_told_not_raised(
    client: Client, settings: Settings, request: pytest.FixtureRequest
) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    heartbeat.broker.cache_clear()
    request.addfinalizer(heartbeat.broker.cache_clear)
    answer = client.get("/health").json()
    assert answer["broker"] == {"ok": False}
    assert answer["workers"]["ok"] is False


def test_it_says_which_detector_finds_the_faces(
    client: Client, settings: Settings
) -> None:
    settings.FACE_DETECTOR = None
    detector = client.get("/health").json()["detector"]
    assert detector == {"ok": True, "name": "haar", "is_best": False}


def test_it_takes_no_other_method(client: Client) -> None:
    assert client.post("/health").status_code == 405


def test_it_is_never_cached(client: Client) -> None:
    assert "no-store" in client.get("/health")["Cache-Control"]


def test_it_answers_plain_http_where_others_are_sent_to_https(
    client: Client, settings: Settings
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/health").status_code == 503
    assert (
        connection.settings_dict["NAME"] not in client.get("/health").content.decode()
    )


def test_the_last_backups_age_is_told_where_the_clock_makes_them(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/health").json()["backup"] == {"ok": True, "is_scheduled": False}
    settings.BACKUP_AT = "02:40"
    told = client.get("/health").json()["backup"]
    assert (told["age_seconds"], told["is_late"]) == (None, True)
    with transaction.atomic():
        audit.record(audit.Act.BACKED_UP)
    told = client.get("/health").json()["backup"]
    assert told["age_seconds"] < 600
    assert told["ok"]
    assert not told["is_late"]
    monkeypatch.setattr(health, "LATE_BACKUP", timedelta())
    told = client.get("/health").json()["backup"]
    assert told["is_late"]
    assert told["ok"]  # the site does not go down for it
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    assert "There is no backup of the last day" in client.get("/admin/").text
