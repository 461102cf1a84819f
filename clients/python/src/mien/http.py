"""Requests that are sent again where that is safe, and answers that say why not."""

import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import httpx

from mien import __version__
from mien.errors import Refused, Unreachable

TRIES = 5
FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0  # seconds
COME_BACK_LATER = {429, 502, 503, 504}
SAFE = {"GET", "HEAD", "PUT", "DELETE"}


class Http:
    """One site. `sleep` is what waits between two tries."""

    def __init__(
        self,
        site: str,
        *,
        token: str | None = None,
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        headers = {"User-Agent": f"mien-python/{__version__}"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._client = httpx.Client(
            base_url=site.rstrip("/") + "/",
            headers=headers,
            timeout=timeout,
            transport=transport,
        )
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str, **params: Any) -> Any:
        given = {name: value for name, value in params.items() if value is not None}
        return self.ask("GET", path, params=given).json()

    def create(self, path: str, body: Mapping[str, Any]) -> Any:
        """Done once, however often it has to be sent."""
        key = {"Idempotency-Key": str(uuid.uuid4())}
        return self.ask("POST", path, json=body, headers=key, is_safe=True).json()

    def pages(self, path: str, **params: Any) -> Iterator[Any]:
        """Every item of a list that comes a page at a time."""
        page = self.get(path, **params)
        yield from page["results"]
        while page["next"]:
            page = self.ask("GET", page["next"]).json()
            yield from page["results"]

    def ask(
        self, method: str, path: str, *, is_safe: bool = False, **more: Any
    ) -> httpx.Response:
        """The answer; raises Refused or Unreachable. `is_safe`: to be sent again though
        its method does not say so."""
        may_repeat = is_safe or method in SAFE
        answer = None
        for number in range(TRIES if may_repeat else 1):
            if number:
                self._sleep(_wait(number, answer))
            try:
                answer = self._client.request(method, path, **more)
            except httpx.TransportError as why:
                error, answer = Unreachable(f"{self._client.base_url}: {why}"), None
                continue
            if answer.status_code not in COME_BACK_LATER:
                break
        if answer is None:
            raise error
        return _checked(answer)

    def download(self, url: str) -> Iterator[bytes]:
        with self._client.stream("GET", url, follow_redirects=True) as answer:
            if answer.is_error:
                answer.read()
                _checked(answer)
            yield from answer.iter_bytes()


def _wait(number: int, answer: httpx.Response | None) -> float:
    """What the site asks for, else twice as long each time, and never all at once."""
    asked = answer.headers.get("Retry-After", "") if answer is not None else ""
    if asked.isdigit():
        return min(float(asked), LONGEST_WAIT)
    longest = min(FIRST_WAIT * 2**number, LONGEST_WAIT)
    return random.uniform(longest / 2, longest)  # noqa: S311  (no secret)


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    try:
        said = answer.json()["error"]
        code, message, fields = said["code"], said["message"], said.get("fields", {})
    except (ValueError, LookupError, TypeError):
        raise Unreachable(
            f"{answer.url} answered {answer.status_code}, and not as a Mien site does."
        ) from None
    raise Refused(code, message, answer.status_code, fields or {})
