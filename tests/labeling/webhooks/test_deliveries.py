"""What webhooks are told: by which acts, signed how, and how often."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from labeling.contributions import retention, withdrawals
from labeling.errors import Refused
from labeling.models import AuditEntry, Exam, Webhook, WebhookDelivery
from labeling.registry import model_versions
from labeling.review import bulk_decisions, decisions
from labeling.training import exams, training_runs
from labeling.webhooks import deliveries, endpoints
from tests.support.exam_reports import make_report
from tests.support.factories import make_contribution, make_run, make_user, make_version
from tests.support.receiver import Receiver, listening
from workers import heartbeat, tasks

pytestmark = pytest.mark.django_db

GUIDE = Path(__file__).parents[3] / "docs" / "webhooks.md"
Event = Webhook.Event
Status = WebhookDelivery.Status


@pytest.fixture(autouse=True)
def loopback(settings: Settings) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as receiver:
        yield receiver


def told() -> list[tuple[str, dict[str, Any]]]:
    """What was written down: the events and what is said of them."""
    rows = WebhookDelivery.objects.order_by("created_at")
    return [(row.event, json.loads(row.body)["data"]) for row in rows]


def test_each_act_writes_down_what_it_did_by_whichever_door() -> None:
    endpoints.add("https://told.example/", [])
    rita = make_user("rita", "reviewer")
    face, other = make_contribution(), make_contribution()
    decisions.accept(face, by=rita)
    decisions.undo(by=rita)
    bulk_decisions.reject([face.pk, other.pk], by=rita, reason="not_a_face")
    version = make_version("mien-7")
    model_versions.override(version, by=rita, reason="It is better.")
    training_runs.fail(make_run().pk, 1, reason="No memory.")
    withdrawals.withdraw_ids([face.pk])
    left = [(event, data) for event, data in told() if event != Event.FACE_DECIDED]
    assert left[0] == (
        Event.MODEL_PROMOTED,
        {"version": "mien-7", "former": None, "kind": "override"},
    )
    assert [event for event, _data in left[1:]] == [
        Event.RUN_FAILED,
        Event.FACE_WITHDRAWN,
    ]
    assert left[2][1] == {"faces": [{"id": str(face.pk), "was_released": False}]}
    # What was told of the face that is gone has gone with it.
    decided = [data for event, data in told() if event == Event.FACE_DECIDED]
    assert decided == [{"face": str(other.pk), "status": "rejected"}]


def test_a_decision_and_its_undoing_are_told_and_showing_to_voters_is_not() -> None:
    endpoints.add("https://told.example/", [])
    rita = make_user("rita", "reviewer")
    face = make_contribution(may_be_seen=True)
    decisions.screen(face, by=rita)
    decisions.accept(face, by=rita)
    decisions.undo(face, by=rita)
    assert [data["status"] for _event, data in told()] == ["accepted", "waiting"]


def test_an_exam_that_keeps_the_current_model_is_told() -> None:
    endpoints.add("https://told.example/", [Event.MODEL_KEPT])
    run, version = make_run(status="examining"), make_version("mien-8")
    exams.record(
        run.pk,
        run.attempt,
        champion=None,
        challenger=version,
        report=make_report(outcome="kept"),
    )
    assert told() == [
        (
            Event.MODEL_KEPT,
            {"version": "mien-8", "champion": None, "run": run.pk, "outcome": "kept"},
        )
    ]
    assert Exam.objects.exists()


def test_only_what_was_asked_for_is_told_and_nothing_of_what_did_not_happen() -> None:
    endpoints.add("https://told.example/", [Event.RUN_FAILED])
    face = make_contribution()
    decisions.accept(face, by=None)
    with pytest.raises(Refused), transaction.atomic():
        training_runs.fail(make_run().pk, 1, reason="No memory.")
        raise Refused("stop", "after all not")
    assert told() == []


def test_a_receiver_can_tell_that_it_comes_from_here(receiver: Receiver) -> None:
    webhook = endpoints.add(receiver.url, [])
    decisions.accept(make_contribution(), by=None)
    assert deliveries.send_due(webhook.pk) is False
    ((headers, body),) = receiver.calls
    (secret,) = endpoints.secrets_of(webhook)
    said = Verifier(secret).verify(body, headers)
    assert (said["type"], said["data"]["status"]) == ("face.decided", "accepted")
    assert headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(body.replace("accepted", "rejected"), headers)
    row = WebhookDelivery.objects.get()
    assert (row.status, row.attempts, row.answer) == (Status.DELIVERED, 1, 204)
    assert headers["webhook-id"] == f"msg_{row.pk.hex}"


def test_the_guides_example_takes_what_is_sent(receiver: Receiver) -> None:
    webhook = endpoints.add(receiver.url, [])
    training_runs.fail(make_run().pk, 1, reason="No memory.")
    deliveries.send_due(webhook.pk)
    headers, body = receiver.calls[0]
    (example,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 (our own document)
    (secret,) = endpoints.secrets_of(webhook)
    assert names["took"](secret, body.encode(), headers)["type"] == "run.failed"


def test_the_guide_names_every_event_and_how_long_is_waited() -> None:
    text = GUIDE.read_text()
    for event in Event.values:
        assert f"`{event}`" in text
    waits = [20, 120, 600, 3600, 3 * 3600, 10 * 3600, 24 * 3600]
    assert [wait.total_seconds() for wait in deliveries.BACK_OFF] == waits


def test_a_new_secret_signs_beside_the_former_one_for_a_day(
    receiver: Receiver,
) -> None:
    webhook = endpoints.add(receiver.url, [])
    (former,) = endpoints.secrets_of(webhook)
    endpoints.rotate_secret(webhook)
    now, still = endpoints.secrets_of(webhook)
    assert (still, now != former) == (former, True)
    decisions.accept(make_contribution(), by=None)
    deliveries.send_due(webhook.pk)
    headers, body = receiver.calls[0]
    for secret in (now, former):
        assert Verifier(secret).verify(body, headers)
    webhook.former_until = timezone.now() - timedelta(seconds=1)
    assert endpoints.secrets_of(webhook) == [now]


def test_no_dump_holds_a_secret_and_another_sites_key_makes_another(
    settings: Settings,
) -> None:
    webhook = endpoints.add("https://told.example/", [])
    before = endpoints.secrets_of(webhook)
    settings.SECRET_KEY = "another site's"
    assert endpoints.secrets_of(webhook) != before


def test_what_fails_is_tried_again_later_and_later_and_given_up_at_last(
    receiver: Receiver,
) -> None:
    receiver.status = 500
    webhook = endpoints.add(receiver.url, [])
    decisions.accept(make_contribution(), by=None)
    waits = []
    for attempt in range(1, len(deliveries.BACK_OFF) + 2):
        assert deliveries.due() == [webhook.pk]
        deliveries.send_due(webhook.pk)
        assert deliveries.due() == []  # until its time has come
        row = WebhookDelivery.objects.get()
        assert (row.attempts, row.answer) == (attempt, 500)
        if row.next_at:
            waits.append(row.next_at)
        _time_has_come()
    assert row.status == Status.GIVEN_UP
    assert len(receiver.calls) == len(deliveries.BACK_OFF) + 1
    assert len({headers["webhook-id"] for headers, _body in receiver.calls}) == 1
    assert waits == sorted(waits)


def _time_has_come() -> None:
    past = timezone.now() - timedelta(seconds=1)
    WebhookDelivery.objects.exclude(next_at=None).update(next_at=past)
    Webhook.objects.update(paused_until=past)


def test_one_that_fails_holds_up_no_other_and_is_called_once_for_many_messages(
    receiver: Receiver,
) -> None:
    with listening() as broken:
        broken.status = 503
        bad, good = (endpoints.add(one.url, []) for one in (broken, receiver))
        for _each in range(5):
            decisions.accept(make_contribution(), by=None)
        for webhook_id in deliveries.due():
            deliveries.send_due(webhook_id)
        assert (len(broken.calls), len(receiver.calls)) == (1, 5)
        broken.status = 200
        _time_has_come()
        deliveries.send_due(bad.pk)
        assert len(broken.calls) == 6
    bad.refresh_from_db()
    assert (bad.failures, good.failures) == (0, 0)


def test_two_workers_do_not_call_at_once(receiver: Receiver) -> None:
    webhook = endpoints.add(receiver.url, [])
    decisions.accept(make_contribution(), by=None)
    later = timezone.now() + timedelta(minutes=1)
    Webhook.objects.update(busy_until=later)
    assert deliveries.due() == []
    assert deliveries.send_due(webhook.pk) is False
    assert receiver.calls == []
    Webhook.objects.update(busy_until=timezone.now())  # that worker was lost
    deliveries.send_due(webhook.pk)
    assert len(receiver.calls) == 1


def test_who_says_that_it_is_gone_is_called_no_more(receiver: Receiver) -> None:
    receiver.status = 410
    webhook = endpoints.add(receiver.url, [])
    for _each in range(2):
        decisions.accept(make_contribution(), by=None)
    deliveries.send_due(webhook.pk)
    _time_has_come()
    assert deliveries.due() == []
    assert len(receiver.calls) == 1
    webhook.refresh_from_db()
    assert webhook.is_active is False
    assert WebhookDelivery.objects.filter(status=Status.WAITING).count() == 2


def test_sent_again_it_is_the_same_message_and_on_record(receiver: Receiver) -> None:
    webhook, boss = endpoints.add(receiver.url, []), make_user("boss")
    decisions.accept(make_contribution(), by=None)
    deliveries.send_due(webhook.pk)
    deliveries.send_again(WebhookDelivery.objects.get(), by=boss)
    deliveries.send_due(webhook.pk)
    (first, second) = receiver.calls
    assert first[0]["webhook-id"] == second[0]["webhook-id"]
    assert first[1] == second[1]
    entry = AuditEntry.objects.filter(by_key=boss.key).get()
    assert (entry.subject, entry.details["what"]) == (
        f"webhook {webhook.pk}",
        "sent again",
    )


def test_the_log_is_kept_for_a_month() -> None:
    endpoints.add("https://told.example/", [])
    for _each in range(2):
        decisions.accept(make_contribution(), by=None)
    old = WebhookDelivery.objects.first()
    assert old
    long_ago = timezone.now() - timedelta(days=31)
    WebhookDelivery.objects.filter(pk=old.pk).update(created_at=long_ago)
    assert retention.purge()["messages"] == 1
    assert WebhookDelivery.objects.count() == 1


def test_many_faces_taken_back_make_few_messages_without_pictures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endpoints.add("https://told.example/", [Event.FACE_WITHDRAWN])
    withdrawals.withdraw_ids([uuid4()])  # of which nothing is known
    assert told() == []
    ids = [make_contribution().pk for _each in range(3)]
    monkeypatch.setattr(withdrawals, "ANNOUNCED_AT_ONCE", 2)
    withdrawals.withdraw_ids(ids)
    assert [len(data["faces"]) for _event, data in told()] == [2, 1]
    assert set(told()[0][1]["faces"][0]) == {"id", "was_released"}


@pytest.mark.django_db(transaction=True)
def test_workers_hear_of_it_at_once_and_the_sweeper_finds_what_they_missed(
    receiver: Receiver,
) -> None:
    broker = heartbeat.broker()
    broker.delete("default")
    webhook = endpoints.add(receiver.url, [])
    decisions.accept(make_contribution(), by=None)
    assert broker.llen("default") == 1
    broker.delete("default")
    tasks.sweep()
    assert broker.llen("default") == 1
    broker.delete("default")
    tasks.call_webhook(webhook.pk)
    assert len(receiver.calls) == 1
    tasks.sweep()
    assert broker.llen("default") == 0
