"""Visitors of a site on several web hosts, and the balancer before these."""

import http.client
import itertools
import json
import re
import threading
import time
from collections import Counter
from contextlib import suppress
from http.cookies import SimpleCookie
from typing import NamedTuple
from urllib.parse import urlencode

SITE = "127.0.0.1:8000"  # what it is called, wherever it answers
PAGES = ("/", "/about/", "/api/v1/model", "/models/", "/vote/")


class Answer(NamedTuple):
    status: int
    text: str

    @property
    def json(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.text)
        return found


def ask(
    address: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    cookies: SimpleCookie | None = None,
) -> Answer:
    """One request to one host, at port 8000 where none is said. Raises OSError or
    http.client.HTTPException."""
    sent = {"Host": SITE, **(headers or {})}
    if cookies:
        sent["Cookie"] = "; ".join(f"{k}={m.value}" for k, m in cookies.items())
    whole = address if ":" in address else f"{address}:8000"
    line = http.client.HTTPConnection(whole, timeout=60)
    try:
        line.request("POST" if body is not None else "GET", path, body, sent)
        answer = line.getresponse()
        text = answer.read().decode(errors="replace")
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            if cookies is not None:
                cookies.load(cookie)
        return Answer(answer.status, text)
    finally:
        line.close()


def post_form(
    address: str, page: str, path: str, cookies: SimpleCookie, **fields: str
) -> Answer:
    """Fill in a form of a page, with the token that the page came with."""
    form = ask(address, page, cookies=cookies).text
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
    assert found, f"{page} has no form"
    body = urlencode({"csrfmiddlewaretoken": found[1], **fields}).encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return ask(address, path, body, kind, cookies)


class Balancer:
    """Asks each host how it is, and leaves out those that leave or do not answer."""

    def __init__(self, addresses: list[str]) -> None:
        self.healthy = dict.fromkeys(addresses, True)
        self._next = itertools.count()

    def look(self) -> None:
        for address in self.healthy:
            try:
                self.healthy[address] = "leaving" not in ask(address, "/health").json
            except (OSError, ValueError, http.client.HTTPException):
                self.healthy[address] = False

    def choose(self) -> str:
        known = [one for one, is_well in self.healthy.items() if is_well]
        known = known or list(self.healthy)
        return known[next(self._next) % len(known)]

    def forward(self, path: str) -> Answer:
        """What cannot be connected to has taken nothing: the next one gets it."""
        for _ in self.healthy:
            address = self.choose()
            try:
                return ask(address, path)
            except ConnectionRefusedError:
                self.healthy[address] = False
        raise ConnectionRefusedError


class Visitors:
    """Four of them, who ask for page after page while the `with` lasts."""

    def __init__(self, addresses: list[str], clients: int = 4) -> None:
        self.answers: Counter[str] = Counter()
        self._balancer = Balancer(addresses)
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._look)] + [
            threading.Thread(target=self._visit, args=[n]) for n in range(clients)
        ]

    def __enter__(self) -> "Visitors":
        self._balancer.look()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    @property
    def failed(self) -> int:
        return sum(n for kind, n in self.answers.items() if kind != "200")

    def _look(self) -> None:
        while not self._is_over.wait(0.25):
            self._balancer.look()

    def _visit(self, number: int) -> None:
        for path in itertools.islice(itertools.cycle(PAGES), number, None):
            if self._is_over.is_set():
                return
            kind = "no answer"
            with suppress(OSError, http.client.HTTPException):
                kind = str(self._balancer.forward(path).status)
            self.answers[kind] += 1
            time.sleep(0.02)
