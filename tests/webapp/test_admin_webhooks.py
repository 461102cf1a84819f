"""The webhooks of the admin: added, changed, a new secret, sent again, removed."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from labeling.models import AuditEntry, User, Webhook, WebhookDelivery
from labeling.review import decisions
from labeling.webhooks import endpoints
from tests.support.factories import make_contribution, make_user

pytestmark = pytest.mark.django_db

LIST = "/admin/labeling/webhook/"
LOG = "/admin/labeling/webhookdelivery/"


@pytest.fixture
def boss(client: Client) -> User:
    boss = make_user("boss", is_staff=True, is_superuser=True)
    client.force_login(boss)
    return boss


def said_by(boss: User) -> list[str]:
    entries = AuditEntry.objects.filter(by_key=boss.key).order_by("at")
    return [entry.details["what"] for entry in entries]


def test_an_admin_adds_changes_and_removes_one(client: Client, boss: User) -> None:
    told = {"url": "https://told.example/hook", "events": ["run.failed"]}
    assert client.post(f"{LIST}add/", told).status_code == 302
    webhook = Webhook.objects.get()
    assert (webhook.url, webhook.events) == (told["url"], ["run.failed"])
    page = f"{LIST}{webhook.pk}/change/"
    text = client.get(page).text.replace("<wbr>", "")
    assert endpoints.secrets_of(webhook)[0] in text
    # Unticked: it is in use no more, and of all events.
    assert client.post(page, {"url": "https://other.example/"}).status_code == 302
    webhook.refresh_from_db()
    assert (webhook.url, webhook.events) == ("https://other.example/", [])
    assert webhook.is_active is False
    assert (
        client.post(f"{LIST}{webhook.pk}/delete/", {"post": "yes"}).status_code == 302
    )
    assert not Webhook.objects.exists()
    assert said_by(boss) == ["added", "changed", "removed"]
    assert "hook" not in str(AuditEntry.objects.values_list("details"))


@pytest.mark.parametrize("url", ["http://told.example/", "https://u:p@told.example/"])
def test_a_wrong_address_is_said_beside_its_field(
    client: Client, boss: User, url: str
) -> None:
    answer = client.post(f"{LIST}add/", {"url": url, "events": []})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["url"]
    assert not Webhook.objects.exists()


def test_a_new_secret_is_made_and_the_former_one_is_shown_beside_it(
    client: Client, boss: User
) -> None:
    webhook = endpoints.add("https://told.example/", [])
    (former,) = endpoints.secrets_of(webhook)
    client.post(LIST, {"action": "rotate_secret", "_selected_action": [webhook.pk]})
    webhook.refresh_from_db()
    now, still = endpoints.secrets_of(webhook)
    assert still == former
    text = client.get(f"{LIST}{webhook.pk}/change/").text.replace("<wbr>", "")
    assert text.index(now) < text.index(former)
    assert said_by(boss) == ["secret rotated"]


def test_what_was_told_is_listed_and_sent_again(client: Client, boss: User) -> None:
    webhook = endpoints.add("https://told.example/", [])
    decisions.accept(make_contribution(), by=None)
    row = WebhookDelivery.objects.get()
    WebhookDelivery.objects.update(status="given_up", attempts=8, next_at=None)
    text = client.get(f"{LOG}?webhook__id__exact={webhook.pk}").text
    assert "given up" in text
    assert "face.decided" in client.get(f"{LOG}{row.pk}/change/").text
    client.post(LOG, {"action": "send_again", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("waiting", 0)
    assert said_by(boss) == ["sent again"]


def test_who_may_only_look_sees_no_secret(client: Client) -> None:
    looker = make_user("looker", is_staff=True)
    mine = Permission.objects.filter(codename__startswith="view_webhook")
    looker.user_permissions.set(mine)
    client.force_login(looker)
    webhook = endpoints.add("https://told.example/", [])
    text = client.get(f"{LIST}{webhook.pk}/change/").text
    assert "told.example" in text
    assert "whsec_" not in text
    assert client.post(f"{LIST}add/", {"url": "https://x.example/"}).status_code == 403
