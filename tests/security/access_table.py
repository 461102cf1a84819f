"""`access.txt`, read: what everybody gets at every address of the site."""

from dataclasses import dataclass
from pathlib import Path

from tests.security.world import ROLES

FILE = Path(__file__).with_name("access.txt")
REFUSALS = {"login", "401", "403", "404", "405"}


@dataclass(frozen=True)
class Line:
    route: str  # as `world.routes` gives it
    method: str
    by_token: bool
    cells: dict[str, str]  # by role
    fields: list[str]  # of the form, or of the query, that it reads


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


def any_model(route: str) -> str:
    parts = route.split("/")
    if parts[0] == "admin" and len(parts) > 3 and not parts[1].startswith("<"):
        parts[1:3] = "*", "*"
    return "/".join(parts)
