"""What may be given, and how often, is the same at every door."""

import base64
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from labeling import accounts
from labeling.contributions import offers, recent_gifts
from labeling.contributions.consent import given
from labeling.detection import photos
from labeling.errors import Refused
from labeling.models import Contribution, Vote
from labeling.voting import votes
from tests.support.concurrency import together
from tests.support.factories import make_photo, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("champion")]

HERE, ELSEWHERE = "192.0.2.7", "198.51.100.1"
AGREED = {"keep": "on", "adult": "on", "may_be_seen": "on", "emotion": "sad"}


def seen(client: Client) -> dict[str, str]:
    """A face of the same photo each time, with a new token."""
    photo = SimpleUploadedFile("me.jpg", make_photo(29))
    html = client.post("/contribute/", {"photo": photo, "emotion": "sad"}).text
    found = re.findall(r'name="(crop|token)" value="([^"]*)"', html)
    return dict(found) | AGREED


def by_page(client: Client) -> int:
    return client.post("/contribute/give/", seen(client)).status_code


def by_api(client: Client) -> int:
    return client.post("/api/v1/contributions", seen(client)).status_code


Door = Callable[[Client], int]
DOORS = [by_page, by_api]
PAIRS = [(by_page, by_api), (by_api, by_page)]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_page_and_api_spend_the_same_rate(
    settings: Any, first: Door, second: Door
) -> None:
    settings.GIVE_RATE = (1, 3600)
    client = Client(REMOTE_ADDR=HERE)
    assert first(client) == 201
    assert second(client) == 429
    assert Contribution.objects.count() == 1


def test_a_token_spends_its_accounts_rate(settings: Any) -> None:
    settings.GIVE_RATE = (1, 3600)
    _token, secret = accounts.make_token(make_user(), name="laptop")
    bearer = {"Authorization": f"Bearer {secret}"}
    statuses = []
    for address in (HERE, ELSEWHERE):
        client = Client(REMOTE_ADDR=address, headers=bearer)
        statuses.append(by_api(client))
    assert statuses == [201, 429]


@pytest.mark.parametrize(("first", "second"), [*PAIRS, (by_api, by_api)])
def test_the_same_picture_without_a_cookie_is_known_by_the_address(
    first: Door, second: Door
) -> None:
    assert first(Client(REMOTE_ADDR=HERE)) == 201
    assert second(Client(REMOTE_ADDR=HERE)) == 400
    assert Contribution.objects.count() == 1
    assert second(Client(REMOTE_ADDR=ELSEWHERE)) == 201  # who learns nothing


def test_an_account_gives_no_picture_that_its_address_gave_without_one() -> None:
    assert by_page(Client(REMOTE_ADDR=HERE)) == 201
    client = Client(REMOTE_ADDR=HERE)
    client.force_login(make_user())
    assert by_api(client) == 400


def test_an_account_is_known_from_everywhere() -> None:
    ada = make_user("ada")
    statuses = []
    for address in (HERE, ELSEWHERE):
        client = Client(REMOTE_ADDR=address)
        client.force_login(ada)
        statuses.append(by_api(client))
    assert statuses == [201, 400]


def test_a_cookie_counts_with_an_account_too() -> None:
    client = Client(REMOTE_ADDR=HERE)
    assert by_page(client) == 201
    client.defaults["REMOTE_ADDR"] = ELSEWHERE
    client.force_login(make_user())
    assert by_page(client) == 400


def test_after_an_hour_the_address_is_forgotten(monkeypatch: Any) -> None:
    assert by_page(Client(REMOTE_ADDR=HERE)) == 201
    assert recent_gifts.given_from(HERE) == [Contribution.objects.get().pk]
    now = recent_gifts.time.time()
    monkeypatch.setattr(recent_gifts.time, "time", lambda: now + 3601)
    assert recent_gifts.given_from(HERE) == []


def test_redis_holds_no_address_and_lets_go_within_the_hour(settings: Any) -> None:
    recent_gifts.remember(HERE, Contribution().pk)
    store = recent_gifts._redis(settings.REDIS_URL)
    (key,) = store.keys("mien:given:*")
    assert HERE.encode() not in key
    assert 0 < store.ttl(key) <= recent_gifts.SECONDS


def test_without_redis_giving_goes_on(settings: Any, tmp_path: Any) -> None:
    settings.REDIS_URL = f"unix://{tmp_path / 'nobody-listens'}"
    recent_gifts.remember(HERE, Contribution().pk)
    assert recent_gifts.given_from(HERE) == []


@pytest.mark.django_db(transaction=True)
def test_the_same_picture_from_one_address_at_one_moment_is_kept_once() -> None:
    fields = [seen(Client(REMOTE_ADDR=f"203.0.113.{n}")) for n in range(4)]

    def give(n: int) -> offers.Offer:
        crop = base64.b64decode(fields[n]["crop"])
        return offers.offer(
            crop,
            "sad",
            by=None,
            consent=given(),
            claim=photos.open_token(fields[n]["token"], crop),
            network=HERE,
        )

    outcomes = together(4, give)
    refused = [o.code for o in outcomes if isinstance(o, Refused)]
    assert refused == ["own_duplicate"] * 3
    assert Contribution.objects.count() == 1


@pytest.mark.parametrize("door", DOORS)
def test_nobody_votes_on_what_came_from_his_address_within_the_hour(
    door: Door,
) -> None:
    assert door(Client(REMOTE_ADDR=HERE)) == 201
    Contribution.objects.update(screened_at="2026-01-01T00:00Z")
    assert "No face is waiting" in Client(REMOTE_ADDR=HERE).get("/vote/").text
    face = Contribution.objects.get()
    with pytest.raises(Refused, match="yours"):
        votes.cast(face, "sad", device="d", own=recent_gifts.given_from(HERE))
    assert 'name="ticket"' in Client(REMOTE_ADDR=ELSEWHERE).get("/vote/").text
    assert not Vote.objects.exists()
