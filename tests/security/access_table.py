"""`access.txt`, read: what everybody gets at every address of the site."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.security.world import PHOTO, ROLES, routes

FILE = Path(__file__).with_name("access.txt")
REFUSALS = {"login", "401", "403", "404", "405"}


@dataclass(frozen=True, eq=False)
class Line:
    route: str  # as `world.routes` gives it
    method: str
    by_token: bool
    cells: dict[str, str]  # by role
    fields: list[str]  # of the form, or of the query, that it reads

    @property
    def guest(self) -> str:
        """The first who gets in; where nobody does, a stranger."""
        shown = [r for r in ROLES if self.cells[r][0] == "2"]
        sent_on = [r for r in ROLES if self.cells[r] not in REFUSALS]
        return [*shown, *sent_on, ROLES[0]][0]


def read() -> list[Line]:
    lines = FILE.read_text().splitlines()
    return [_line(line) for line in lines if line.startswith("/")]


def _line(text: str) -> Line:
    told, _bar, fields = text.partition("|")
    route, how, *cells = told.split()
    if len(cells) == 1:
        cells *= len(ROLES)
    by, _colon, method = how.rpartition(":")
    said = dict(zip(ROLES, cells, strict=True))
    return Line(route[1:], method, by == "token", said, fields.split())


LINES = read()


def lines_of(route: str) -> list[Line]:
    """Its own, or those of every list of the admin: `admin/*/*/add/`."""
    return [line for line in LINES if line.route == route] or [
        line for line in LINES if line.route == any_model(route)
    ]


def one_of_each() -> list[tuple[str, Line]]:
    """Each line with one address that it is of."""
    known = {line: route for route, _name in routes() for line in lines_of(route)}
    return [(known[line], line) for line in LINES]


def any_model(route: str) -> str:
    parts = route.split("/")
    if parts[0] == "admin" and len(parts) > 3 and not parts[1].startswith("<"):
        parts[1:3] = "*", "*"
    return "/".join(parts)


def is_json(route: str, method: str, fields: list[str]) -> bool:
    """Whether it is sent as JSON: what programs send, but for photos."""
    is_sent = method in ("POST", "PATCH")
    return route.startswith("api/") and is_sent and PHOTO not in fields


def none(faults: Iterable[str]) -> None:
    """Fails with all of them, one a line."""
    text = "\n".join(faults)
    assert not text, f"\n{text}"
