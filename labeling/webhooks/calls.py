"""One call of a webhook: signed as Standard Webhooks has it, to no private address.

requests-hardened looks the name up once, refuses what is not a public address, and
connects to the very address that it looked at, so that a name which changes its mind in
between (DNS rebinding) leads nowhere else. Redirects are not followed.
"""

import threading
from dataclasses import dataclass
from queue import Empty, SimpleQueue

import requests
from django.conf import settings
from django.utils import timezone
from requests_hardened import Config, Manager
from requests_hardened.ip_filter import InvalidIPAddress
from standardwebhooks import Webhook as Signer

from labeling.models import WebhookDelivery
from labeling.webhooks import endpoints

TIMEOUT = (3.0, 10.0)  # seconds: to connect; between two bytes of the answer
DEADLINE = 20.0  # seconds for all of it
LATE = "It did not answer in time."


@dataclass(frozen=True)
class Answer:
    status: int | None
    problem: str = ""

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == 410


def call(delivery: WebhookDelivery) -> Answer:
    """Send it once. Whatever goes wrong is in the answer.

    On a thread of its own: who answers byte by byte holds up that one, and no worker.
    """
    answers: SimpleQueue[Answer] = SimpleQueue()
    threading.Thread(
        target=lambda: answers.put(_call(delivery)), name="webhook", daemon=True
    ).start()
    try:
        return answers.get(timeout=DEADLINE)
    except Empty:
        return Answer(None, LATE)


def _call(delivery: WebhookDelivery) -> Answer:
    client = Manager(
        Config(
            ip_filter_enable=True,
            ip_filter_allow_loopback_ips=settings.WEBHOOKS_TO_LOOPBACK,
            never_redirect=True,
            default_timeout=TIMEOUT,
            user_agent_override="Mien-Webhooks/1",
        )
    )
    try:
        url = endpoints.check_url(delivery.webhook.url)
        with client.get_session() as session:
            # A proxy of the environment would look the name up for itself.
            session.trust_env = False
            # `stream`: what the answer says beside its status is not read.
            answer = session.post(
                url,
                data=delivery.body.encode(),
                headers=headers(delivery),
                stream=True,
            )
            with answer:
                return Answer(answer.status_code, _refusal(answer.status_code))
    except InvalidIPAddress:
        return Answer(None, "This name leads to a private address.")
    except Exception as why:
        return Answer(None, _short(why))


def headers(delivery: WebhookDelivery) -> dict[str, str]:
    """The id stays the same for each attempt: a receiver that knows it has had it."""
    message, now = f"msg_{delivery.pk.hex}", timezone.now()
    signatures = [
        Signer(secret).sign(message, now, delivery.body)
        for secret in endpoints.secrets_of(delivery.webhook)
    ]
    return {
        "Content-Type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _refusal(status: int) -> str:
    if 300 <= status < 400:
        return "It answered with a redirect, and redirects are not followed."
    return "" if 200 <= status < 300 else f"It answered {status}."


def _short(why: Exception) -> str:
    """The kind of the error: its text may hold what the address does."""
    kinds = {
        requests.exceptions.SSLError: "Its certificate is not in order.",
        requests.exceptions.Timeout: LATE,
        requests.exceptions.ConnectionError: "It could not be reached.",
    }
    known = [text for kind, text in kinds.items() if isinstance(why, kind)]
    return known[0] if known else f"It could not be called ({type(why).__name__})."
