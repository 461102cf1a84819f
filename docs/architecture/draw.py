"""Draw docs/architecture/rooms.svg: `python docs/architecture/draw.py`.

The rooms come from the folders themselves, so the picture cannot name one that is gone.
Plain SVG, readable on light and dark pages and in print.
"""

from itertools import pairwise
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
INK, SOFT, PAPER, LINE = "#374151", "#6b7280", "#f9fafb", "#d1d5db"

WIDTH, LEFT, BOX, GAP, HIGH = 1120, 118, 100, 10, 58
BAND = HIGH + 56

# From the top layer down. Imports go down only, from band to band.
BANDS = {
    "deploy": ["supervisor"],
    "webapp": [
        *("server", "views", "api", "forms", "presenters", "http", "charts", "config"),
    ],
    "workers": ["launch", "tasks", "retrain"],
    "labeling": [
        *("detection", "contributions", "review", "voting", "training", "datasets"),
        *("registry", "stats", "models"),
    ],
    "ml": ["vision", "artefact", "data", "training", "export", "evaluation", "video"],
}

WAYS = {
    "detect": (
        "#0072b2",
        ["webapp/views", "webapp/http", "webapp/presenters", "labeling/detection"]
        + ["labeling/registry", "ml/vision", "ml/artefact"],
    ),
    "give": (
        "#009e73",
        ["webapp/views", "webapp/forms", "webapp/http", "labeling/contributions"]
        + ["labeling/detection", "ml/vision", "labeling/review", "labeling/models"],
    ),
    "vote": (
        "#b8860b",
        ["webapp/views", "webapp/http", "labeling/voting", "labeling/review"]
        + ["labeling/models"],
    ),
    "retrain": (
        "#7b5ea7",
        ["webapp/views", "workers/launch", "labeling/training", "workers/tasks"]
        + ["workers/retrain", "labeling/datasets", "ml/training", "ml/export"]
        + ["ml/evaluation", "labeling/registry"],
    ),
    "withdraw": (
        "#d55e00",
        ["webapp/views", "labeling/contributions", "labeling/registry"]
        + ["labeling/models"],
    ),
}

Point = tuple[float, float]


def main() -> None:
    (HERE / "rooms.svg").write_text(picture() + "\n", encoding="utf-8")


def picture() -> str:
    height = len(BANDS) * BAND + 70
    parts = [
        *(band(name, rooms, i) for i, (name, rooms) in enumerate(BANDS.items())),
        *(line(stops, colour, i) for i, (colour, stops) in enumerate(WAYS.values())),
        *(marks(stops, colour, i) for i, (colour, stops) in enumerate(WAYS.values())),
        legend(height - 30),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="system-ui, sans-serif" font-size="13" role="img">'
        "<title>The rooms of each package, from the top layer down, and five ways "
        "through them</title>"
        f'<rect width="{WIDTH}" height="{height}" rx="12" fill="{PAPER}"/>'
        f"{''.join(parts)}</svg>"
    )


def band(name: str, rooms: list[str], place: int) -> str:
    top = 16 + place * BAND
    drawn = [
        f'<rect x="12" y="{top}" width="{WIDTH - 24}" height="{BAND - 14}" rx="10" '
        f'fill="none" stroke="{LINE}"/>',
        words(26, top + 26, f"{name}/", size=16, weight=600),
    ]
    for i, room in enumerate(rooms):
        check(name, room)
        x, y = corner(i, place)
        drawn.append(
            f'<rect x="{x}" y="{y}" width="{BOX}" height="{HIGH}" rx="8" fill="#fff" '
            f'stroke="{SOFT}"/>' + words(x + BOX / 2, y + 17, room, anchor="middle")
        )
    return "".join(drawn)


def check(package: str, room: str) -> None:
    there = ROOT / package / room
    if not there.is_dir() and not there.with_suffix(".py").exists():
        raise SystemExit(f"{package}/{room} is gone: mend BANDS and WAYS")


def corner(column: int, row: int) -> tuple[int, int]:
    return LEFT + column * (BOX + GAP), 16 + row * BAND + (BAND - 14 - HIGH) // 2


def stop(room: str, way: int) -> Point:
    """Each way has a place of its own in a box, so that none covers another."""
    package, name = room.split("/")
    row = list(BANDS).index(package)
    x, y = corner(BANDS[package].index(name), row)
    return x + 14 + way * 18, y + 38


def line(stops: list[str], colour: str, way: int) -> str:
    points = [stop(room, way) for room in stops]
    path = f"M{points[0][0]} {points[0][1]}"
    for (x1, y1), (x2, y2) in pairwise(points):
        bend = 34 if y1 == y2 else (y2 - y1) * 0.5
        ends = (y1 + bend, y2 + bend) if y1 == y2 else (y1 + bend, y2 - bend)
        path += f" C{x1} {ends[0]:g} {x2} {ends[1]:g} {x2} {y2}"
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2.5" '
        'opacity=".75"/>'
    )


def marks(stops: list[str], colour: str, way: int) -> str:
    drawn = []
    for number, room in enumerate(stops, start=1):
        x, y = stop(room, way)
        drawn.append(
            f'<circle cx="{x}" cy="{y}" r="8" fill="{colour}"/>'
            + words(x, y + 4, str(number), size=10.5, anchor="middle", fill="#fff")
        )
    return "".join(drawn)


def legend(y: float) -> str:
    parts = []
    for i, (name, (colour, _stops)) in enumerate(WAYS.items()):
        x = LEFT + i * 130
        parts.append(
            f'<circle cx="{x}" cy="{y - 4}" r="8" fill="{colour}"/>'
            + words(x + 16, y, name, size=14)
        )
    return "".join(parts)


def words(
    x: float,
    y: float,
    text: str,
    *,
    size: float = 13,
    weight: int = 400,
    anchor: str = "start",
    fill: str = INK,
) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" fill="{fill}" font-size="{size}" '
        f'font-weight="{weight}" text-anchor="{anchor}">{text}</text>'
    )


if __name__ == "__main__":
    main()
