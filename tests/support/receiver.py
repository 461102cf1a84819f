"""A program that webhooks call: on this machine, with the answers that a test wants."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Call)
        self.calls: list[tuple[dict[str, str], str]] = []  # headers, body
        self.status = 204
        self.location = ""  # where it sends on to
        self.is_slow = threading.Event()  # answers byte by byte while it is set

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/told"

    @property
    def bodies(self) -> list[str]:
        return [body for _headers, body in self.calls]


class Call(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        names = {name.lower(): value for name, value in self.headers.items()}
        self.server.calls.append((names, body))
        while self.server.is_slow.is_set():
            self.wfile.write(b"H")
            time.sleep(0.05)
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None: ...


@contextmanager
def listening() -> Iterator[Receiver]:
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join()
