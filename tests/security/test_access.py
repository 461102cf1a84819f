"""Every address, asked by everybody: what they get stands in `access.txt`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from labeling.models import Contribution, Crop, Vote
from tests.security import access_table
from tests.security.access_table import LINES, REFUSALS, Line, none
from tests.security.world import ROLES, World, routes, undone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("champion")]

ROUTES = [route for route, _name in routes()]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|COPY|TRUNCATE)\b", re.IGNORECASE)
# What being asked may change: that somebody was here.
NOTED = ('"django_session"', '"last_used_at"')


@pytest.fixture
def world() -> World:
    return World()


def test_every_address_has_a_line_and_every_line_an_address() -> None:
    missing = [route for route in ROUTES if not access_table.lines_of(route)]
    none(f"/{route} needs a line in tests/security/access.txt" for route in missing)
    known = {*ROUTES, *map(access_table.any_model, ROUTES)}
    assert [line.route for line in LINES if line.route not in known] == []


def asked(client: Client, world: World, route: str, method: str, line: Any) -> Any:
    """The answer, of which everything has been read."""
    names = line.fields if line else []
    in_json = access_table.is_json(route, method, names)
    how: dict[str, Any] = {"content_type": "application/json"} if in_json else {}
    ask = getattr(client, method.lower())
    sent = world.fields(names, in_json=in_json) if names else None
    answer = ask(world.url(route), sent, **how)
    if answer.streaming:
        b"".join(answer.streaming_content)
    return answer


def outcome(answer: Any) -> str:
    """As the table has it."""
    if answer.status_code == 302 and re.search("/(accounts|admin)/login/", answer.url):
        return "login"
    return str(answer.status_code)


@contextmanager
def writes() -> Iterator[list[str]]:
    """The statements sent meanwhile that change something."""
    sent: list[str] = []

    def look(execute: Any, sql: str, *rest: Any) -> Any:
        if WRITES.match(sql) and not any(name in sql for name in NOTED):
            sent.append(sql[:80])
        return execute(sql, *rest)

    with connection.execute_wrapper(look):
        yield sent


def wrong(
    client: Client, world: World, role: str, route: str, line: Line
) -> Iterator[str]:
    """What differs from the table, or changes something although it was refused."""
    with writes() as written, undone(client):
        got = outcome(asked(client, world, route, line.method, line))
    expected = line.cells[role].split("/")
    if got not in expected:
        yield f"/{route} {line.method}: {role} gets {got}, not {line.cells[role]}"
    if got in REFUSALS and written:
        yield f"/{route} {line.method}: {role} is refused and changes {written}"


@pytest.mark.parametrize("role", ROLES)
def test_everybody_gets_what_the_table_says(world: World, role: str) -> None:
    """The two ends ask every list of the admin, the others one of a kind."""
    clients = {False: world.client(role), True: world.program(role)}
    pairs = access_table.one_of_each()
    if role in ("stranger", "admin"):
        pairs = [(r, line) for r in ROUTES for line in access_table.lines_of(r)]
    none(
        fault
        for route, line in pairs
        for fault in wrong(clients[line.by_token], world, role, route, line)
    )


def test_a_token_opens_nothing_but_the_api(world: World) -> None:
    program = world.program("admin")
    none(
        fault
        for route in ROUTES
        for line in access_table.lines_of(route)
        if not line.route.startswith("api/")
        for fault in wrong(program, world, "stranger", route, line)
    )


@pytest.mark.parametrize("role", ["stranger", "admin"])
def test_a_method_without_a_line_is_refused_and_changes_nothing(
    world: World, role: str
) -> None:
    client, faults = world.client(role), []
    for route in dict(access_table.one_of_each()):
        known = {line.method for line in access_table.lines_of(route)}
        for method in METHODS:
            if method in known:
                continue
            with writes() as written, undone(client):
                status = asked(client, world, route, method, None).status_code
            is_refused = status < 500 and (status >= 300 or not is_ours(route, method))
            if written or not is_refused:
                faults.append(f"{method} /{route}: {status} {written}")
    none(faults)


def is_ours(route: str, method: str) -> bool:
    """Django's own class views answer OPTIONS, and take other methods for a GET."""
    return not route.startswith(("admin/", "accounts/")) and method != "OPTIONS"


@pytest.mark.parametrize("role", ["stranger", "admin"])
def test_no_form_is_taken_from_another_site(world: World, role: str) -> None:
    """But for strangers at the API: there is nobody in whose name they could ask."""
    client, faults = world.client(role, enforce_csrf_checks=True), []
    for route in ROUTES:
        for line in access_table.lines_of(route):
            if line.method != "POST" or line.by_token or line.cells[role] in REFUSALS:
                continue
            if role == "stranger" and route.startswith("api/"):
                continue
            with undone(client):
                status = asked(client, world, route, "POST", line).status_code
            if status != 403:
                faults.append(f"/{route}: {status}")
    none(faults)


@pytest.mark.skipif(
    not hasattr(settings, "STAFF_MFA"), reason="no second factor is asked for"
)
def test_without_a_second_factor_staff_are_nobody_special(
    world: World, settings: Any
) -> None:
    """What is theirs is refused, or they are sent on, to set the factor up at last."""
    settings.STAFF_MFA = "required"
    faults = []
    for role in ("reviewer", "trainer", "admin"):
        clients = {False: world.client(role), True: world.program(role)}
        for route, line in access_table.one_of_each():
            if line.cells[role] == line.cells["account"]:
                continue
            client = clients[line.by_token]
            with writes() as written, undone(client):
                got = outcome(asked(client, world, route, line.method, line))
            if written or got not in {"302", line.cells["account"], *REFUSALS}:
                faults.append(f"/{route} {line.method}: {role} gets {got}, {written}")
    none(faults)


# --- faces


def test_nobody_uses_a_ticket_made_out_to_another(world: World) -> None:
    html = world.client("stranger").get("/vote/").text
    address = html.split('src="/faces/seen/')[1].split('"')[0]
    for role in ROLES[1:]:
        answer = world.client(role).get(f"/faces/seen/{address}")
        assert (role, answer.status_code) == (role, 404)


def test_nobody_changes_anothers_face_or_learns_its_number(world: World) -> None:
    number = str(world.face.pk)
    sent = {"which": "some", "only": number, "face": number, "sure": "yes"}
    for role in ("account", "reviewer", "trainer", "admin"):
        client = world.client(role)
        for name in ("my", "my-withdraw", "my-download", "my-delete", "account"):
            answer = client.get(reverse(name))
            content = answer.getvalue() if answer.streaming else answer.content
            assert number.encode() not in content, (role, name)
        client.post("/my/withdraw/", sent)
        client.post(f"/my/{number}/consent/", {})
        assert Contribution.objects.filter(pk=number, may_be_seen=True).exists()


def test_a_face_that_is_gone_is_gone_for_everyone(world: World) -> None:
    Vote.objects.all().delete()
    Crop.objects.filter(pk=world.face.pk).delete()
    for role in ROLES:
        answer = world.client(role).get(f"/faces/{world.face.pk}.jpg")
        assert answer.status_code == 404
