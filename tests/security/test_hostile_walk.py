"""Every field, address and header, with what hostile people send: never a fault of
ours, never the words back as markup, never a header of theirs.

Each field gets NUL and one of the other values in turn; `HOSTILE_VALUES=99` gives all
of them to all, in some minutes.
"""

import itertools
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT

from tests.security.access_table import Line, is_json, none, one_of_each
from tests.security.hostile_values import (
    BODIES,
    COOKIES,
    HEADERS,
    OTHER_TYPES,
    SENTENCES,
    TEXTS,
    UPLOADS,
)
from tests.security.world import PHOTO, PLACEHOLDER, World, undone
from tests.support.factories import make_photo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("champion", "no_limits")]

SHARE = min(int(os.environ.get("HOSTILE_VALUES", "1")), len(TEXTS) - 1)
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


class Ask(NamedTuple):
    line: Line
    field: str
    value: str  # its name
    how: Mapping[str, Any]  # as Client.generic takes it


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def no_limits(settings: Any) -> None:
    """Whoever asks too often would be told so, and nothing else."""
    settings.DETECT_RATE = settings.LIVE_RATE = None
    settings.GIVE_RATE = settings.VOTE_RATE = None
    settings.ACCOUNT_RATE_LIMITS = False


def faults_of(world: World, asks: Iterable[Ask]) -> list[str]:
    """Each is asked by somebody who may; every other one by a script of the page."""
    clients: dict[tuple[str, bool], Client] = {}
    found = []
    for number, (line, field, value, how) in enumerate(asks):
        make = world.program if line.by_token else world.client
        who = line.guest, line.by_token
        client = clients.setdefault(who, make(line.guest))
        headers = {"HX-Request": "true"} if number % 2 else {}
        with undone(client):
            answer = client.generic(line.method, headers=headers, **how)
        what = f"{line.method} /{line.route} {field}={value}"
        found += [f"{what}: {why}" for why in faults(answer)]
    return found


def faults(answer: Any) -> Iterator[str]:
    content = answer.getvalue() if answer.streaming else answer.content
    if answer.status_code >= 500 and answer.status_code != 503:
        yield str(answer.status_code)
    if "html" in answer.get("Content-Type", ""):
        yield from (f"has {text}" for text in SENTENCES if text.encode() in content)
    if "X-Injected" in answer:
        yield "has a header of theirs"
    # As a browser reads it, to which both slashes are one.
    if urlsplit(answer.get("Location", "").replace("\\", "/")).netloc:
        yield f"sends people to {answer['Location']}"


def test_no_field_takes_harm(world: World) -> None:
    turn = itertools.cycle(name for name in TEXTS if name != "NUL")
    none(faults_of(world, _fields(world, turn)))


def _fields(world: World, turn: Iterator[str]) -> Iterator[Ask]:
    for route, line in one_of_each():
        in_json = is_json(route, line.method, line.fields)
        sent = world.fields(line.fields, in_json=in_json)
        filled = {k: v for k, v in sent.items() if k != PHOTO}
        for field in filled:
            for name in ("NUL", *itertools.islice(turn, SHARE)):
                sent = {**filled, field: TEXTS[name]}
                yield Ask(line, field, name, _sent(line, world.url(route), sent))


def _sent(line: Line, path: str, fields: dict[str, str]) -> dict[str, Any]:
    if line.method == "GET":
        return {"path": f"{path}?{urlencode(fields, errors='surrogatepass')}"}
    if line.route.startswith("api/"):
        return {"path": path, "data": json.dumps(fields), "content_type": JSON}
    data = urlencode(fields, errors="surrogatepass")
    return {"path": path, "data": data, "content_type": FORM}


def test_no_address_takes_harm(world: World) -> None:
    turn = itertools.cycle(name for name in TEXTS if name != "NUL")
    none(faults_of(world, _addresses(world, turn)))


def _addresses(world: World, turn: Iterator[str]) -> Iterator[Ask]:
    for route, line in one_of_each():
        for place in PLACEHOLDER.findall(route):
            for name in ("NUL", *itertools.islice(turn, SHARE)):
                path = world.url(route, **{place: TEXTS[name]})
                yield Ask(line, f"<{place}>", name, {"path": path})


def test_no_json_takes_harm(world: World) -> None:
    lines = [
        line
        for route, line in one_of_each()
        if line.fields and is_json(route, line.method, line.fields)
    ]
    assert lines
    asks = (ask for line in lines for ask in _bodies(world, line))
    none(faults_of(world, asks))


def _bodies(world: World, line: Line) -> Iterator[Ask]:
    path = world.url(line.route)
    for name, body in BODIES.items():
        how = {"path": path, "data": body, "content_type": JSON}
        yield Ask(line, "body", name, how)
    filled = world.fields(line.fields, in_json=True)
    for field in filled:
        for name, value in OTHER_TYPES.items():
            yield Ask(line, field, name, _sent(line, path, {**filled, field: value}))


@pytest.mark.parametrize("path", ["/detect/", "/contribute/", "/api/v1/detect"])
def test_no_upload_takes_harm(client: Client, path: str) -> None:
    client.raise_request_exception = False
    photo, found = make_photo(29), []
    for name, head in UPLOADS.items():
        part = b"--%s\r\n%s\r\n\r\n%s\r\n" % (BOUNDARY.encode(), head, photo)
        body = part + b"--" + BOUNDARY.encode() + b"--\r\n"
        answer = client.generic("POST", path, body, content_type=MULTIPART_CONTENT)
        found += [f"{name}: {why}" for why in faults(answer)]
    none(found)


@pytest.mark.parametrize("path", ["/contribute/?emotion=sad", "/api/v1/model"])
def test_no_header_takes_harm(world: World, path: str) -> None:
    client, found, turn = world.client("giver"), [], itertools.cycle(_IN_A_HEADER)
    for header in HEADERS:
        for name, value in itertools.islice(turn, min(3 * SHARE, len(_IN_A_HEADER))):
            answer = client.get(path, headers={header: value})
            found += [f"{header}={name}: {why}" for why in faults(answer)]
    none(found)


def test_no_cookie_takes_harm(client: Client) -> None:
    client.raise_request_exception = False
    turn = itertools.cycle(_IN_A_HEADER)
    found = []
    for cookie in COOKIES:
        for name, value in itertools.islice(turn, min(5 * SHARE, len(_IN_A_HEADER))):
            answer = client.get("/vote/", headers={"Cookie": f"{cookie}={value}"})
            found += [f"{cookie}={name}: {why}" for why in faults(answer)]
    none(found)


# As a server hands them over; it lets no longer ones in, and none of several lines.
_IN_A_HEADER = [
    (name, text.encode("utf-8", "surrogatepass").decode("latin-1"))
    for name, text in TEXTS.items()
    if "\n" not in text and len(text) < 10_000
]
