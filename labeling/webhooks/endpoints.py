"""The addresses that are told of events, and the secrets that sign what they get."""

import base64
import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from labeling import audit
from labeling.errors import Refused
from labeling.models import User, Webhook

# How long the former secret signs as well, so that a receiver can change over.
OVERLAP = timedelta(days=1)


@transaction.atomic
def add(url: str, events: Iterable[str], *, by: User | None = None) -> Webhook:
    """Tell an address of these events; of all, if none is named."""
    chosen = {"url": check_url(url), "events": _known(events)}
    webhook = Webhook.objects.create(**chosen, salt=_new_salt())
    _record(webhook, by, {"what": "added", "url": _host(url)})
    return webhook


@transaction.atomic
def change(
    webhook: Webhook,
    *,
    url: str,
    events: Iterable[str],
    is_active: bool,
    by: User | None = None,
) -> None:
    webhook.url, webhook.events = check_url(url), _known(events)
    webhook.is_active = is_active
    webhook.failures, webhook.paused_until = 0, None
    webhook.save(
        update_fields=["url", "events", "is_active", "failures", "paused_until"]
    )
    said = {"what": "changed", "url": _host(url), "in_use": is_active}
    _record(webhook, by, said)


@transaction.atomic
def remove(webhook: Webhook, *, by: User | None = None) -> None:
    """With all that it was told or was still to be told."""
    _record(webhook, by, {"what": "removed", "url": _host(webhook.url)})
    webhook.delete()


@transaction.atomic
def rotate_secret(webhook: Webhook, *, by: User | None = None) -> None:
    """A new secret. For a day the former one signs beside it."""
    webhook.former_salt, webhook.salt = webhook.salt, _new_salt()
    webhook.former_until = timezone.now() + OVERLAP
    webhook.save(update_fields=["salt", "former_salt", "former_until"])
    _record(webhook, by, {"what": "secret rotated"})


def secrets_of(webhook: Webhook) -> list[str]:
    """As receivers keep them, `whsec_…`; the present one first."""
    salts = [webhook.salt]
    if webhook.former_until and webhook.former_until > timezone.now():
        salts.append(webhook.former_salt or b"")
    return [_secret(bytes(salt)) for salt in salts]


def stop_calling(webhook: Webhook) -> None:
    """It said that it is gone (410): nothing more is sent there."""
    rows = Webhook.objects.filter(pk=webhook.pk)
    rows.update(is_active=False, paused_until=None, busy_until=Now())


def check_url(url: str) -> str:
    """Whether it may be called at all; where it leads is looked at with each call.

    Raises Refused.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or len(url) > 500 or not url.isprintable() or " " in url:
        raise Refused("bad_url", _("This is not a web address."))
    if parts.username is not None or parts.password is not None:
        raise Refused("bad_url", _("Please leave name and password out."))
    is_local = settings.WEBHOOKS_TO_LOOPBACK and parts.scheme == "http"
    if parts.scheme != "https" and not is_local:
        raise Refused("bad_url", _("The address must begin with https://."))
    return url


def _known(events: Iterable[str]) -> list[str]:
    chosen = list(dict.fromkeys(events))
    if not set(chosen) <= set(Webhook.Event.values):
        raise Refused("unknown_event", _("There is no such event."))
    return chosen


def _new_salt() -> bytes:
    return secrets.token_bytes(24)


def _secret(salt: bytes) -> str:
    key = salted_hmac("mien.webhook", salt.hex(), algorithm="sha256").digest()
    return f"whsec_{base64.b64encode(key).decode()}"


def _host(url: str) -> str:
    """A path may be a secret of the receiver; the log keeps scheme and host."""
    parts = urlsplit(url.strip())
    return f"{parts.scheme}://{parts.netloc}"


def _record(webhook: Webhook, by: User | None, details: Mapping[str, object]) -> None:
    audit.record(audit.Act.WEBHOOK_CHANGED, by=by, subject=webhook, details=details)
