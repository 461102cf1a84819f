"""Every address of the site, tried by a stranger, a giver, a voter, a reviewer and a
trainer. One that is new must be entered here before anything else passes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from labeling.models import Contribution, Crop, Review, TrainingRun, User, Vote
from tests.support.factories import make_contribution, make_run, make_user, make_version

pytestmark = pytest.mark.django_db

ALL = {"stranger", "giver", "voter", "reviewer", "trainer"}
ACCOUNTS = ALL - {"stranger"}

# Who may come in, by the name of the address. Others are sent to sign in, forbidden, or
# told that there is no such thing.
OPEN = {
    *("try", "detect", "answer", "live", "about", "privacy", "terms", "health"),
    *("contribute", "contribute-give", "withdraw"),
    *("vote", "vote-cast", "vote-skip", "vote-again", "vote-undo"),
    *("models", "model", "model-figures", "data", "data-json"),
    *("api-detect", "api-model", "api-schema", "api-docs"),
}
OWN = {
    *("my", "my-withdraw", "my-consent", "my-claim", "my-download", "my-delete"),
    *("account", "make-token", "revoke-token", "end-session", "end-sessions"),
}
REVIEWERS = {
    *("review", "review-grid", "review-bulk", "review-undo", "review-history"),
    *("review-decide", "review-skip", "review-again", "review-undo-one"),
}
TRAINERS = {
    *("training", "run", "run-progress", "run-log", "run-changed", "run-cancel"),
    *("model-override", "model-roll-back", "model-rows"),
}
# With a rule of their own: see the tests below, or the page's own.
SPECIAL = {
    *("face", "voters-face", "review-evidence", "api-contributions"),
    *("api-trainings", "api-training", "api-training-cancel"),
}


@dataclass
class World:
    """Something of everybody, to be asked for by the wrong people."""

    people: dict[str, User | None]
    mine: Contribution
    run: TrainingRun

    def client(self, name: str) -> Client:
        client = Client()
        if user := self.people[name]:
            client.force_login(user)
        return client

    def arguments(self, pattern: str) -> dict[str, Any]:
        known = {"pk": self.run.pk, "name": "mien-1", "ticket": "none", "handle": "x"}
        if "uuid:pk" in pattern:
            known["pk"] = self.mine.pk
        return {key: value for key, value in known.items() if f":{key}>" in pattern}


@pytest.fixture
def world() -> World:
    people = {
        "stranger": None,
        "giver": make_user("giver"),
        "voter": make_user("voter"),
        "reviewer": make_user("reviewer", "reviewer"),
        "trainer": make_user("trainer", "trainer"),
    }
    make_version("mien-1")
    mine = make_contribution(
        giver=people["giver"], may_be_seen=True, screened_at=timezone.now()
    )
    return World(people, mine, make_run(status="training"))


def addresses(patterns: Any = None, before: str = "") -> Iterator[tuple[str, str]]:
    """Name and pattern of all that is not the admin's or allauth's."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        pattern = before + str(entry.pattern)
        if pattern.startswith(("admin/", "accounts/")):
            continue
        if isinstance(entry, URLPattern):
            yield entry.name or "", pattern
        else:
            yield from addresses(entry.url_patterns, pattern)


NAMED = {name: pattern for name, pattern in addresses() if name}


def test_every_address_is_entered_here():
    assert set(NAMED) == OPEN | OWN | REVIEWERS | TRAINERS | SPECIAL


def asked(world: World, who: str, name: str) -> list[Any]:
    """What somebody gets for looking, and for sending."""
    url = reverse(name, kwargs=world.arguments(NAMED[name]))
    client = world.client(who)
    return [client.get(url), client.post(url, {"reason": "x", "act": "accept"})]


def is_kept_out(answer: Any) -> bool:
    to_sign_in = answer.status_code == 302 and "/accounts/login/" in answer.url
    return to_sign_in or answer.status_code in (403, 404, 405)


@pytest.mark.parametrize("name", sorted(OPEN))
@pytest.mark.parametrize("who", sorted(ALL))
def test_open_addresses_send_nobody_away(world: World, who: str, name: str):
    for answer in asked(world, who, name):
        assert answer.status_code not in (401, 403, 404)
        assert answer.status_code < 500 or answer.status_code == 503
        assert "/accounts/login/" not in answer.get("Location", "")


@pytest.mark.parametrize("name", sorted(OWN))
def test_own_addresses_ask_strangers_to_sign_in(world: World, name: str):
    for answer in asked(world, "stranger", name):
        assert is_kept_out(answer)


@pytest.mark.parametrize("name", sorted(OWN))
@pytest.mark.parametrize("who", ["voter", "reviewer", "trainer"])
def test_own_addresses_give_nobody_anothers_face(world: World, who: str, name: str):
    for answer in asked(world, who, name):
        content = (
            b"".join(answer.streaming_content) if answer.streaming else answer.content
        )
        assert str(world.mine.pk).encode() not in content
    assert Contribution.objects.filter(pk=world.mine.pk, may_be_seen=True).exists()


@pytest.mark.parametrize("name", sorted(REVIEWERS))
@pytest.mark.parametrize("who", sorted(ALL - {"reviewer"}))
def test_only_reviewers_review(world: World, who: str, name: str):
    for answer in asked(world, who, name):
        assert is_kept_out(answer)
    assert not Review.objects.exists()


@pytest.mark.parametrize("name", sorted(REVIEWERS))
def test_reviewers_come_in(world: World, name: str):
    looked, sent = asked(world, "reviewer", name)
    assert {looked.status_code, sent.status_code} & {200, 302}


@pytest.mark.parametrize("name", sorted(TRAINERS))
@pytest.mark.parametrize("who", sorted(ALL - {"trainer"}))
def test_only_trainers_train_and_promote(world: World, who: str, name: str):
    for answer in asked(world, who, name):
        assert is_kept_out(answer)
    world.run.refresh_from_db()
    assert world.run.cancel_asked_at is None
    assert TrainingRun.objects.count() == 1


@pytest.mark.parametrize("name", sorted(TRAINERS - {"run-changed"}))
def test_trainers_come_in(world: World, name: str):
    looked, sent = asked(world, "trainer", name)
    assert {looked.status_code, sent.status_code} & {200, 302}


@pytest.mark.parametrize("who", sorted(ALL))
def test_a_face_is_seen_by_its_giver_and_by_reviewers(world: World, who: str):
    seen = world.client(who).get(reverse("face", args=[world.mine.pk]))
    assert seen.status_code == (200 if who in ("giver", "reviewer") else 404)


@pytest.mark.parametrize("who", sorted(ACCOUNTS))
def test_nobody_uses_a_ticket_made_out_to_another(world: World, who: str):
    stranger = world.client("stranger")
    html = stranger.get("/vote/").text
    address = html.split('src="/faces/seen/')[1].split('"')[0]
    answer = world.client(who).get(f"/faces/seen/{address}")
    assert answer.status_code == 404
    assert not Vote.objects.exists()


@pytest.mark.parametrize("path", ["/api/v1/contributions", "/admin/"])
def test_what_is_left_tells_a_stranger_nothing(world: World, path: str):
    answer = world.client("stranger").get(path)
    assert answer.status_code in (302, 401, 403, 405)


def test_a_face_that_is_gone_is_gone_for_everyone(world: World):
    Crop.objects.all().delete()
    world.mine.delete()
    for who in ALL:
        client = world.client(who)
        for pk in (world.mine.pk, uuid4()):
            assert client.get(f"/faces/{pk}.jpg").status_code == 404
