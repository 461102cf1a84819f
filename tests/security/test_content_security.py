"""Every page, with hostile words in everything that people can write: the policy that
its header states, nothing in it that the policy forbids, and no word as markup."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from labeling.models import ApiToken, Contribution, Exam, Promotion, TrainingRun
from labeling.registry import model_versions
from labeling.review import decisions
from tests.security.access_table import Line, none, one_of_each
from tests.security.hostile_values import SCRIPT, SENTENCES
from tests.security.world import World, undone
from tests.webapp.views.test_pages import Page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("champion")]

POLICY = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "connect-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "img-src": "'self' data: blob:",
    "manifest-src": "'self'",
    "media-src": "'self' blob:",
    "script-src": "'self'",
    "style-src": "'self'",
    "worker-src": "'self'",
}
# The thread that computes in WebAssembly, which is no page and can show none.
ENGINE = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "connect-src": "'self'",
    "frame-ancestors": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",
}
# The one exception among pages: the admin's Alpine evaluates what stands in them.
IN_THE_ADMIN = {
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
}
HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.fixture
def world() -> World:
    """Hostile words wherever somebody's words are kept."""
    world = World()
    world.people["giver"].username = SCRIPT
    world.people["giver"].save()
    ApiToken.objects.update(name=SCRIPT[:60])
    Contribution.objects.update(source_name=SCRIPT)
    TrainingRun.objects.update(message=SCRIPT, log=SCRIPT)
    exam = Exam.objects.get()
    Exam.objects.update(report={**exam.report, "sentence": SCRIPT})
    model_versions.promote(
        world.version, kind=Promotion.Kind.OVERRIDE, by=None, reason=SCRIPT
    )
    decisions.reject(
        world.face, by=world.people["reviewer"], reason="not_clear", note=SCRIPT
    )
    return world


def faults(line: Line, answer: Any) -> Iterator[str]:
    stated = policy_of(answer)
    expected = POLICY | (IN_THE_ADMIN if line.route.startswith("admin/") else {})
    if line.route == "engine/worker.js":
        expected = ENGINE
    if stated != expected:
        yield f"states {stated}"
    yield from (
        f"{k} is {answer.get(k)}" for k in HEADERS if answer.get(k) != HEADERS[k]
    )
    if "html" not in answer.get("Content-Type", ""):
        return
    yield from (f"has {text}" for text in SENTENCES if text in answer.text)
    page = Page(answer.text)
    if not line.route.startswith("admin/"):
        yield from page.forbidden
    yield from (
        f"loads {address}"
        for address in page.loaded
        if not address.startswith(("/", "data:", "#")) or address.startswith("//")
    )


def policy_of(answer: Any) -> dict[str, str]:
    parts = answer.get("Content-Security-Policy", "").split(";")
    told = dict(part.strip().partition(" ")[::2] for part in parts if part.strip())
    return {
        name: " ".join(word for word in said.split() if not word.startswith("'nonce-"))
        for name, said in told.items()
    }


def test_every_page_keeps_the_policy(world: World) -> None:
    found, seen = [], 0
    clients: dict[str, Client] = {}
    for route, line in one_of_each():
        if line.method != "GET" or line.by_token:
            continue
        for role in {line.guest, "admin"}:
            client = clients.setdefault(role, world.client(role))
            with undone(client):
                answer = client.get(world.url(route))
            seen += answer.status_code == 200
            found += [f"/{route} for {role}: {why}" for why in faults(line, answer)]
    none(found)
    assert seen > len(clients) * 20


def test_errors_keep_the_policy_too(client: Client) -> None:
    line = next(line for _route, line in one_of_each())
    for path in (f"/{SCRIPT}/", f"/api/v1/{SCRIPT}", f"/models/{SCRIPT}/"):
        answer = client.get(path)
        assert answer.status_code == 404
        none(faults(line, answer))
