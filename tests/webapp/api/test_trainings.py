from typing import Any

import pytest
from django.test import Client

from labeling import accounts
from labeling.models import TrainingRun
from tests.support.factories import make_run, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data")]

START = "/api/v1/trainings"


@pytest.fixture
def data(settings, tmp_path) -> None:
    """Something to learn from, as far as asking for a run goes."""
    settings.FER2013 = tmp_path / "fer2013.csv"
    settings.FER2013.write_text("emotion,pixels,Usage\n")


def sign(client: Client, *groups: str) -> dict[str, str]:
    _token, secret = accounts.make_token(make_user("tom", *groups), name="script")
    return {"Authorization": f"Bearer {secret}"}


def start(client: Client, headers: dict[str, str], **fields: Any) -> Any:
    return client.post(START, fields, content_type="application/json", headers=headers)


def test_a_trainer_starts_a_run_and_asks_how_it_is(client: Client) -> None:
    trainer = sign(client, "trainer")
    answer = start(client, trainer, preset="quick", epochs=3)
    assert answer.status_code == 202
    run = TrainingRun.objects.get()
    assert (run.trigger, run.requested_by.username) == ("api", "tom")
    assert run.options == {"set": {"epochs": 3}}
    said = client.get(f"{START}/{run.pk}", headers=trainer).json()
    assert (said["id"], said["status"], said["outcome"]) == (run.pk, "queued", None)


def test_a_second_run_is_refused_with_the_number_of_the_first(client: Client) -> None:
    first = make_run(status="training")
    answer = start(client, sign(client, "trainer"), preset="quick")
    assert answer.status_code == 409
    said = answer.json()["error"]
    assert said["code"] == "already_running"
    assert str(first.pk) in said["message"]


def test_a_run_can_be_cancelled(client: Client) -> None:
    run = make_run(status="queued")
    answer = client.post(f"{START}/{run.pk}/cancel", headers=sign(client, "trainer"))
    assert answer.status_code == 202
    run.refresh_from_db()
    assert run.status == "cancelled"


@pytest.mark.parametrize("groups", [(), ("reviewer",)])
def test_nobody_but_trainers_comes_in(client: Client, groups: tuple[str, ...]) -> None:
    run = make_run(status="training")
    headers = sign(client, *groups)
    assert start(client, headers, preset="quick").status_code == 403
    assert client.get(f"{START}/{run.pk}", headers=headers).status_code == 403
    cancelled = client.post(f"{START}/{run.pk}/cancel", headers=headers)
    assert cancelled.status_code == 403
    run.refresh_from_db()
    assert run.cancel_asked_at is None


def test_a_stranger_is_asked_who_he_is(client: Client) -> None:
    assert start(client, {}, preset="quick").status_code == 401


def test_an_unknown_preset_is_named(client: Client) -> None:
    answer = start(client, sign(client, "trainer"), preset="vast")
    assert answer.status_code == 400
    assert "vast" in answer.json()["error"]["message"]


def test_it_refuses_the_wrong_method(client: Client) -> None:
    assert client.put(START, headers=sign(client, "trainer")).status_code == 405


def test_a_run_is_started_once_however_often_it_is_sent(client: Client) -> None:
    headers = {**sign(client, "trainer"), "Idempotency-Key": "tonight"}
    first, second = (start(client, headers, preset="quick") for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert TrainingRun.objects.count() == 1


def test_all_runs_are_listed_the_latest_first_each_with_its_log(
    client: Client,
) -> None:
    runs = [make_run(status="done", log=f"line {n}\n") for n in range(2)]
    trainer = sign(client, "trainer")
    found = client.get(START, headers=trainer).json()["results"]
    assert [one["id"] for one in found] == [runs[1].pk, runs[0].pk]
    log = client.get(f"{START}/{runs[1].pk}/log", headers=trainer)
    assert log.text == "line 1\n"


def test_a_run_that_goes_on_as_before_is_not_sent_again(client: Client) -> None:
    run, trainer = make_run(status="training", progress=0.4), sign(client, "trainer")
    run.seconds_left = 60
    run.save()
    first = client.get(f"{START}/{run.pk}", headers=trainer)
    asked = {**trainer, "If-None-Match": first["ETag"]}
    assert client.get(f"{START}/{run.pk}", headers=asked).status_code == 304
    run.progress = 0.5
    run.save()
    assert client.get(f"{START}/{run.pk}", headers=asked).status_code == 200
