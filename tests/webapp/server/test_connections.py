"""The server under visitors who are slow on purpose: real sockets, a small application.

Addresses are loopback's own: all of 127.0.0.0/8 is this machine.
"""

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings

from tests.support.supervised_site import until
from webapp.http import admission
from webapp.server import connections
from webapp.server.connections import MEGABYTE, Server

Visit = Callable[..., socket.socket]

PATIENCE = 60  # seconds; a socket that says nothing so long fails its test
BIG = b"x" * (40 * MEGABYTE)  # more than the buffers of two sockets hold


class Application:
    """`/` answers at once, `/big` with much, `/wait` when `may_go` is set, and a POST
    with what arrived and in what kind of file."""

    def __init__(self) -> None:
        self.may_go = threading.Event()
        self.at_work = threading.Semaphore(0)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = b"page"
        if environ["PATH_INFO"] == "/big":
            body = BIG
        if environ["PATH_INFO"] == "/wait":
            self.at_work.release()
            self.may_go.wait(PATIENCE)
        if environ["REQUEST_METHOD"] == "POST":
            file = environ["wsgi.input"]
            told = [environ["CONTENT_LENGTH"], len(file.read()), type(file).__name__]
            body = json.dumps(told).encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]


@pytest.fixture
def application() -> Iterator[Application]:
    made = Application()
    yield made
    made.may_go.set()


@pytest.fixture
def server(
    application: Application, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    settings.WEB_THREADS = 2
    monkeypatch.setattr(connections, "SWEEP_SECONDS", 0.02)
    monkeypatch.setattr(connections, "DRAIN_SECONDS", 0.02)
    # Each test shortens what it is about.
    monkeypatch.setattr(connections, "REQUEST_SECONDS", PATIENCE)
    monkeypatch.setattr(connections, "KEEP_ALIVE_SECONDS", PATIENCE)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = connections.serve_from(listener, application)
        thread = threading.Thread(target=server.run)
        thread.start()
        yield server
        application.may_go.set()
        server.end()
        thread.join(PATIENCE)
        assert not thread.is_alive()
        server.close()


@pytest.fixture
def visit(server: Server) -> Iterator[Visit]:
    """A connection from an address, with these bytes sent."""
    with ExitStack() as opened:

        def connect(sent: bytes = b"", address: str = "127.0.0.2") -> socket.socket:
            to = ("127.0.0.1", int(server.effective_port))
            one = socket.create_connection(to, PATIENCE, (address, 0))
            opened.enter_context(one)
            one.sendall(sent)
            return one

        yield connect


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: site\r\n\r\n".encode()


def post(length: int, body: bytes = b"") -> bytes:
    head = f"POST / HTTP/1.1\r\nHost: site\r\nContent-Length: {length}\r\n\r\n"
    return head.encode() + body


def is_closed(one: socket.socket) -> bool:
    """After what is still to be read; waits until then."""
    try:
        while one.recv(MEGABYTE):
            pass
    except ConnectionResetError:
        pass
    return True


def answer(one: socket.socket) -> tuple[bytes, str | None]:
    """The body, and what becomes of the connection."""
    response = http.client.HTTPResponse(one)
    response.begin()
    return response.read(), response.headers["Connection"]


PAGE = (b"page", None)
LAST_PAGE = (b"page", "close")


SLOW = {
    "says nothing": b"",
    "header stops": b"GET / HTTP/1.1\r\nHost: si",
    "body stops": post(1000, b"some of it"),
    "chunks stop": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    "does not read": get("/big"),
    "asks and stays": get("/"),
}


@pytest.mark.parametrize("how", SLOW)
def test_slow_ones_hold_no_thread(visit: Visit, how: str) -> None:
    for _ in range(4 * settings.WEB_THREADS):
        visit(SLOW[how])
    assert answer(visit(get("/"))) == PAGE


@pytest.mark.parametrize("how", SLOW)
def test_slow_ones_are_closed_after_a_while(
    visit: Visit,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    one = visit(SLOW[how])
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.1)
    monkeypatch.setattr(connections, "LEAST_BYTES_PER_SECOND", 2**30)
    monkeypatch.setattr(connections, "KEEP_ALIVE_SECONDS", 0.1)
    until(lambda: not server.active_channels)  # it need not read to be closed
    assert is_closed(one)


def test_a_byte_now_and_then_wins_no_time(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.5)
    one = visit(post(10**6))
    with pytest.raises(OSError):
        until(lambda: one.sendall(b"x"))


def test_who_moves_on_may_take_long(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    # But for its bytes it would be overdue.
    monkeypatch.setattr(connections, "REQUEST_SECONDS", -1000.0)
    monkeypatch.setattr(connections, "LEAST_BYTES_PER_SECOND", 1)
    one = visit(post(2000, b"x" * 1500))
    assert is_closed(visit(post(2000)))  # who was late at the same look
    one.sendall(b"x" * 500)
    assert json.loads(answer(one)[0])[:2] == ["2000", 2000]


def test_who_waits_for_us_is_not_slow(
    visit: Visit,
    application: Application,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = visit(get("/wait"))
    assert application.at_work.acquire(timeout=PATIENCE)
    with monkeypatch.context() as impatient:
        impatient.setattr(connections, "REQUEST_SECONDS", 0.0)
        impatient.setattr(connections, "KEEP_ALIVE_SECONDS", 0.0)
        assert is_closed(visit())  # the clock was looked at
    application.may_go.set()
    assert answer(one) == PAGE


def test_an_address_has_its_share_and_who_waited_longest_makes_room(
    visit: Visit, settings: Any
) -> None:
    settings.CONNECTIONS_PER_ADDRESS = 3
    other = visit(b"GET ", "127.0.0.3")
    first, *rest = [visit(b"GET ") for _ in range(3)]
    newcomer = visit(get("/"))
    assert answer(newcomer) == PAGE
    assert is_closed(first)
    for one in (*rest, other):
        one.sendall(b"/ HTTP/1.1\r\n\r\n")
        assert answer(one) == PAGE


def test_who_waits_for_us_makes_room_for_nobody(
    visit: Visit, application: Application, settings: Any
) -> None:
    settings.CONNECTIONS_PER_ADDRESS = 2
    at_work = [visit(get("/wait")) for _ in range(2)]
    for _ in at_work:
        assert application.at_work.acquire(timeout=PATIENCE)
    assert is_closed(visit())
    application.may_go.set()
    assert [answer(one) for one in at_work] == [PAGE, PAGE]


def test_when_the_server_is_full_the_slow_make_room(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 5)
    for number in range(20):
        visit(b"GET ", f"127.0.1.{number + 1}")
    assert answer(visit(get("/"))) == PAGE


def test_behind_a_proxy_all_have_its_address(visit: Visit, settings: Any) -> None:
    settings.CONNECTIONS_PER_ADDRESS = 0
    everyone = [visit(b"GET ") for _ in range(50)]
    for one in everyone:
        one.sendall(b"/ HTTP/1.1\r\n\r\n")
        assert answer(one) == PAGE


def test_unfinished_requests_have_so_much_memory_together(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_BYTES", 8 * MEGABYTE)
    small = visit(post(2 * MEGABYTE, b"x" * MEGABYTE))
    for _ in range(3):
        with suppress(ConnectionError):  # already while it sends
            assert is_closed(visit(post(30 * MEGABYTE, b"x" * (29 * MEGABYTE))))
    small.sendall(b"x" * MEGABYTE)
    assert json.loads(answer(small)[0])[1] == 2 * MEGABYTE


def test_a_photo_stays_in_memory(visit: Visit) -> None:
    told, _ = answer(visit(post(len(BIG), BIG)))
    assert json.loads(told) == [str(len(BIG)), len(BIG), BytesIO.__name__]


def test_of_several_requests_at_once_the_first_is_answered(visit: Visit) -> None:
    one = visit(b"\r\n\r\n" + get("/") * 3)
    assert answer(one) == LAST_PAGE
    assert is_closed(one)


def test_one_request_after_the_other_is_answered(visit: Visit) -> None:
    one = visit(get("/"))
    for _ in range(3):
        assert answer(one) == PAGE
        one.sendall(get("/"))


def test_of_what_is_too_large_nothing_is_read(
    visit: Visit,
) -> None:
    most = admission.MOST_BYTES
    one = visit(post(most + 1))
    told, connection = answer(one)
    assert json.loads(told) == [str(most + 1), 0, BytesIO.__name__]
    assert connection == "close"
    assert is_closed(one)


def test_asked_to_end_it_answers_what_is_under_way(
    application: Application, server: Server, visit: Visit
) -> None:
    at_work = visit(get("/wait"))
    arriving = visit(post(4, b"xx"))
    idle = visit(get("/"))
    assert answer(idle) == PAGE
    assert application.at_work.acquire(timeout=PATIENCE)
    server.end()
    arriving.sendall(b"xx")
    assert answer(arriving)[1] == "close"
    application.may_go.set()
    assert answer(at_work) == LAST_PAGE


CHUNKS = b"5\r\nabcde\r\n3\r\nfgh\r\n0\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: site\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("at", [len(CHUNKED), len(CHUNKED) + 7, -2])
def test_a_body_in_chunks_is_put_together(visit: Visit, at: int) -> None:
    whole = CHUNKED + CHUNKS
    one = visit(whole[:at])
    one.sendall(whole[at:])
    assert json.loads(answer(one)[0]) == ["8", 8, "BytesIO"]


def test_whoever_asks_for_the_head_gets_no_body(visit: Visit) -> None:
    one = visit(get("/").replace(b"GET", b"HEAD"))
    said = b""
    while not said.endswith(b"\r\n\r\n"):
        said += one.recv(MEGABYTE)
    assert b"Content-Length: 4" in said
    one.sendall(get("/"))
    assert answer(one) == PAGE
