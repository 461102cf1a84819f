"""What webhooks are told, from the act to the answer.

An act writes it down in its own transaction, once for each webhook that wants it. When
that is committed, workers hear of it by the signal `written`, and the sweeper finds
what they missed. One worker at a time calls a webhook. One that fails is left alone
for a while, and so is what it failed at, longer each time.
"""

import json
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.dispatch import Signal
from django.utils import timezone

from labeling import audit
from labeling.models import User, Webhook, WebhookDelivery
from labeling.webhooks import calls, endpoints

Event = Webhook.Event
Status = WebhookDelivery.Status

# Waits after the first failure, the second …; after the last one it is given up.
BACK_OFF = tuple(
    timedelta(seconds=s) for s in (20, 120, 600, 3600, 10_800, 36_000, 86_400)
)
LONGEST_PAUSE = timedelta(hours=3)
LEASE = timedelta(minutes=2)
TURN = 30  # seconds of calls until another webhook may have its turn
KEPT = timedelta(days=30)

written = Signal()  # webhook_id=…, after commit


def announce(event: Event, facts: Iterable[Mapping[str, Any]]) -> None:
    """Call it in the transaction of the act: one message for each of `facts`.

    They are JSON and hold no picture and no person. `face` among them says which face
    it is about; the message goes when that face is withdrawn.
    """
    active = Webhook.objects.filter(is_active=True)
    webhooks = [webhook for webhook in active if webhook.wants(event)]
    if not webhooks:
        return
    bodies = [(_body(event, fact), fact.get("face")) for fact in facts]
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(webhook=webhook, event=event, body=body, face=face)
        for webhook in webhooks
        for body, face in bodies
    )
    for webhook in webhooks:
        _tell_workers(webhook.pk)


def forget(faces: Iterable[UUID]) -> None:
    """What was, or was still to be, told of faces that are taken back."""
    WebhookDelivery.objects.filter(face__in=list(faces)).delete()


@transaction.atomic
def send_again(delivery: WebhookDelivery, *, by: User) -> None:
    """From the start, under the same id: a receiver that had it may pass it over."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        status=Status.WAITING, attempts=0, next_at=Now()
    )
    Webhook.objects.filter(pk=delivery.webhook_id).update(paused_until=None)
    said = {"what": "sent again", "event": delivery.event}
    audit.record(
        audit.Act.WEBHOOK_CHANGED, by=by, subject=delivery.webhook, details=said
    )
    _tell_workers(delivery.webhook_id)


def due() -> list[int]:
    """The webhooks that may be called and have something to be told."""
    waiting = Q(deliveries__status=Status.WAITING, deliveries__next_at__lte=Now())
    return list(_callable().filter(waiting).values_list("pk", flat=True).distinct())


def send_due(webhook_id: int) -> bool:
    """Tell a webhook what is due, until one call fails or the turn is over.

    True: it works, and there is more. Does nothing while another worker is at it.
    """
    mine = _callable().filter(pk=webhook_id)
    if not mine.update(busy_until=Now() + LEASE):
        return False
    try:
        return _send_in_turn(webhook_id)
    finally:
        Webhook.objects.filter(pk=webhook_id).update(busy_until=None)


def purge() -> int:
    """Delete what was written down long ago; how many."""
    old = WebhookDelivery.objects.filter(created_at__lt=Now() - KEPT)
    return old.delete()[0]


def _send_in_turn(webhook_id: int) -> bool:
    end = time.monotonic() + TURN
    waiting = WebhookDelivery.objects.filter(
        webhook=webhook_id, webhook__is_active=True, status=Status.WAITING
    )
    while time.monotonic() < end:
        due_now = waiting.filter(next_at__lte=Now()).select_related("webhook")
        delivery = due_now.order_by("next_at", "created_at").first()
        if delivery is None or not _attempt(delivery):
            return False
    return True


def _attempt(delivery: WebhookDelivery) -> bool:
    """Call once and write down what came of it; is there any sense in going on?"""
    answer = calls.call(delivery)
    if answer.is_taken:
        _note(delivery, answer, status=Status.DELIVERED, next_at=None)
        rows = Webhook.objects.filter(pk=delivery.webhook_id, failures__gt=0)
        rows.update(failures=0)
        return True
    if delivery.attempts < len(BACK_OFF):
        _note(delivery, answer, next_at=timezone.now() + BACK_OFF[delivery.attempts])
    else:
        _note(delivery, answer, status=Status.GIVEN_UP, next_at=None)
    if answer.is_gone:
        endpoints.stop_calling(delivery.webhook)
    else:
        _pause(delivery.webhook)
    return False


def _note(delivery: WebhookDelivery, answer: calls.Answer, **changes: object) -> None:
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        attempts=F("attempts") + 1,
        answer=answer.status,
        problem=answer.problem,
        **changes,
    )


def _pause(webhook: Webhook) -> None:
    wait = BACK_OFF[min(webhook.failures, len(BACK_OFF) - 1)]
    Webhook.objects.filter(pk=webhook.pk).update(
        failures=F("failures") + 1,
        paused_until=timezone.now() + min(wait, LONGEST_PAUSE),
    )


def _callable() -> QuerySet[Webhook]:
    def is_over(field: str) -> Q:
        return Q(**{field: None}) | Q(**{f"{field}__lte": Now()})

    rows = Webhook.objects.filter(is_active=True)
    return rows.filter(is_over("paused_until"), is_over("busy_until"))


def _tell_workers(webhook_id: int) -> None:
    tell = partial(written.send_robust, sender=Webhook, webhook_id=webhook_id)
    transaction.on_commit(tell, robust=True)


def _body(event: Event, fact: Mapping[str, Any]) -> str:
    return json.dumps(
        {"type": event.value, "timestamp": timezone.now().isoformat(), "data": fact},
        default=str,
    )
