"""Visitors who are slow on purpose cost a connection, never a thread, and not for long.

waitress hands a thread only whole requests, and keeps an answer until it is taken. What
it leaves open is bounded here: how long a visitor may take (it counts from the last
byte, so that one byte a minute lasts for ever), how many connections an address may
have, and how much memory all unfinished requests may take together. Where it is too
much, whoever has waited longest, or has sent most, has to go: a flood then ends itself.

Each process counts for itself. Behind a proxy all visitors have the proxy's address,
and such limits are the proxy's.
"""

import time
from socket import socket
from typing import Any

from django.conf import settings
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import WSGITask
from waitress.utilities import RequestEntityTooLarge
from waitress.wasyncore import poll2

from webapp.http import admission

REQUEST_SECONDS = 10.0  # for a request, or for taking the answer, and
LEAST_BYTES_PER_SECOND = 20_000  # for each so many a second is added
KEEP_ALIVE_SECONDS = 10.0  # between two requests
# Of one process: each may hold a file, too, and most systems let it open a thousand.
MAX_CONNECTIONS = 450
MAX_BYTES = 256 * 2**20  # of all requests that one process holds
MEGABYTE = 2**20
SHUTDOWN_SECONDS = 8.0  # for what is under way when the process shall end
DRAIN_SECONDS = 0.3  # for who was let in just before, and has not asked yet
SWEEP_SECONDS = 1.0  # between two looks at who is late


class Request(HTTPRequestParser):
    """Of a body that is too large nothing is kept: the site refuses it by its length,
    in its own words. Nor is a second request that comes with the first: answers to many
    would pile up before a slow reader, and nobody but an attacker sends them."""

    error: Any

    def received(self, data: bytes) -> int:
        consumed: int = super().received(data)
        if isinstance(self.error, RequestEntityTooLarge):
            self.error = self.body_rcv = None
            self.headers.setdefault("CONTENT_LENGTH", str(self.body_bytes_received))
            self.headers["CONNECTION"] = "close"
        if self.completed and not self.empty and consumed < len(data):
            self.headers["CONNECTION"] = "close"
            return len(data)
        return consumed


class Answer(WSGITask):
    """One that, when the process ends, says that the connection does, and that has no
    body where only the head was asked for."""

    def build_response_header(self) -> bytes:
        if self.channel.server.is_ending:
            self.set_close_on_finish()
        header: bytes = super().build_response_header()
        if self.request.command == "HEAD":
            self.chunked_response = False
            self.logged_write_no_body = True  # Django always writes one
        return header

    @property
    def has_body(self) -> bool:
        """While the header is built, the one that GET would get."""
        is_head = self.wrote_header and self.request.command == "HEAD"
        return bool(super().has_body) and not is_head


class Connection(HTTPChannel):
    """`since` is when the present request or answer began, `moved` its bytes so far."""

    parser_class = Request
    task_class = Answer

    def __init__(self, server: Any, sock: socket, addr: Any, *rest: Any, **more: Any):
        self.since = self.sent_at = time.time()
        self.moved = 0
        self.network = admission.network(addr[0])
        super().__init__(server, sock, addr, *rest, **more)

    @property
    def is_ours(self) -> bool:
        """It is our turn: a whole request is there, and its visitor waits for us."""
        return bool(self.requests) and not self.total_outbufs_len

    @property
    def is_idle(self) -> bool:
        return not (self.requests or self.request or self.total_outbufs_len)

    def is_overdue(self, now: float) -> bool:
        if self.is_ours:
            return False
        if self.is_idle:
            return now > max(self.since, self.sent_at) + KEEP_ALIVE_SECONDS
        return now > self.since + REQUEST_SECONDS + self.moved / LEAST_BYTES_PER_SECOND

    @property
    def held(self) -> int:
        """Bytes of its requests in memory."""
        requests = [*self.requests, *([self.request] if self.request else [])]
        return sum(request.body_bytes_received for request in requests)

    def received(self, data: bytes) -> bool:
        before = self.request
        taken: bool = super().received(data)
        if self.request is not before:
            self.since, self.moved = time.time(), 0
        former, self.moved = self.moved, self.moved + len(data)
        if former // MEGABYTE < self.moved // MEGABYTE:
            self.server.make_room_in_memory()
        return taken

    def write_soon(self, data: Any) -> int:
        if not self.total_outbufs_len:
            self.since, self.moved = time.time(), 0
        written: int = super().write_soon(data)
        return written

    def send(self, data: bytes, do_close: bool = True) -> int:
        sent: int = super().send(data, do_close)
        self.sent_at, self.moved = time.time(), self.moved + sent
        return sent

    def drop(self) -> None:
        """At once: `will_close` alone waits until a slow reader has read."""
        self.will_close = True
        self.handle_close()


class Server(TcpWSGIServer):
    channel_class = Connection
    is_ending = False

    def accept(self) -> tuple[socket, Any] | None:
        """The next visitor; None, as if nobody had come, where there is no room."""
        pair: tuple[socket, Any] | None = super().accept()
        if pair and not self._makes_room_for(admission.network(pair[1][0])):
            pair[0].close()
            return None
        return pair

    def _makes_room_for(self, network: str) -> bool:
        everyone = list(self.active_channels.values())
        neighbours = [one for one in everyone if one.network == network]
        share = settings.CONNECTIONS_PER_ADDRESS or MAX_CONNECTIONS
        for group, most in ((neighbours, share), (everyone, MAX_CONNECTIONS)):
            if len(group) >= most:
                waiting = [one for one in group if not one.is_ours]
                if not waiting:
                    return False
                min(waiting, key=lambda one: one.since).drop()
        return True

    def make_room_in_memory(self) -> None:
        held = {one: one.held for one in self.active_channels.values()}
        unfinished = sorted((one for one in held if one.request), key=held.__getitem__)
        while unfinished and sum(held.values()) > MAX_BYTES:
            greediest = unfinished.pop()
            greediest.drop()
            del held[greediest]

    def maintenance(self, now: float) -> None:
        self.make_room_in_memory()
        for connection in list(self.active_channels.values()):
            if connection.is_overdue(now):
                connection.drop()

    def run(self) -> None:
        while not self.is_ending:
            poll2(SWEEP_SECONDS, self._map)
        self.accepting = False
        began = time.monotonic()
        while (passed := time.monotonic() - began) < SHUTDOWN_SECONDS:
            if passed > DRAIN_SECONDS and not self._is_at_work():
                break
            poll2(0.1, self._map)
        self.task_dispatcher.shutdown(timeout=1)

    def end(self) -> None:
        """Answer what is under way, then let `run` return; signals may call this."""
        self.is_ending = True
        self.pull_trigger()

    def _is_at_work(self) -> bool:
        return not all(one.is_idle for one in self.active_channels.values())


def serve_from(listener: socket, application: Any) -> Server:
    listening = (listener.family, listener.type, listener.proto, listener.getsockname())
    adjustments = Adjustments(
        sockets=[listener],
        threads=settings.WEB_THREADS,
        ident="mien",
        backlog=1024,
        recv_bytes=2**16,
        connection_limit=MAX_CONNECTIONS + 50,
        cleanup_interval=int(SWEEP_SECONDS),
        max_request_header_size=2**16,
        max_request_body_size=admission.MOST_BYTES + 1,
        # Photos stay in memory, and so do answers that show one.
        inbuf_overflow=2 * admission.MOST_BYTES,
        outbuf_overflow=2 * admission.MOST_BYTES,
        # Whom to believe about the visitor's address, the settings say.
        clear_untrusted_proxy_headers=False,
        log_socket_errors=False,
    )
    return Server(
        application,
        map={},
        _sock=listener,
        adj=adjustments,
        sockinfo=listening,
        bind_socket=False,
    )
