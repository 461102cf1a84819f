"""Draw the pictures of docs/how-it-works.md: `python docs/how-it-works/draw.py`.

Plain SVG, readable on light and dark pages and in print; no photograph in them.
"""

from pathlib import Path

HERE = Path(__file__).parent
INK, SOFT, PAPER = "#374151", "#6b7280", "#f9fafb"
BLUE, ORANGE, GREEN, VIOLET = "#0072b2", "#d55e00", "#009e73", "#7b5ea7"


def main() -> None:
    for name, picture in {
        "way": way(),
        "crop": crop(),
        "network": network(),
        "pairs": pairs(),
    }.items():
        (HERE / f"{name}.svg").write_text(picture + "\n", encoding="utf-8")


def page(width: int, height: int, title: str, *parts: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="system-ui, sans-serif" font-size="14" role="img">'
        f"<title>{title}</title>"
        f'<rect width="{width}" height="{height}" rx="12" fill="{PAPER}"/>'
        f"{''.join(parts)}</svg>"
    )


def text(x: float, y: float, words: str, **look: object) -> str:
    look = {"fill": INK, "text_anchor": "middle", **look}
    marks = " ".join(f'{k.replace("_", "-")}="{v}"' for k, v in look.items())
    return f'<text x="{x:g}" y="{y:g}" {marks}>{words}</text>'


def box(
    x: float, y: float, w: float, h: float, colour: str, *, fill: str = "#fff"
) -> str:
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="10" '
        f'fill="{fill}" stroke="{colour}" stroke-width="2"/>'
    )


def arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    """A line with its head; straight across or straight down."""
    head = (
        f"M{x2 - 7:g} {y2 - 5:g} L{x2:g} {y2:g} L{x2 - 7:g} {y2 + 5:g}"
        if y1 == y2
        else f"M{x2 - 5:g} {y2 - 7:g} L{x2:g} {y2:g} L{x2 + 5:g} {y2 - 7:g}"
    )
    return (
        f'<path d="M{x1:g} {y1:g} L{x2:g} {y2:g} {head}" fill="none" '
        f'stroke="{SOFT}" stroke-width="2"/>'
    )


def way() -> str:
    stations = [
        ("look", "boxes, opinions", BLUE),
        ("give", "crop and consent", GREEN),
        ("agree", "votes, a review", GREEN),
        ("train", "a frozen snapshot", VIOLET),
        ("examine", "same faces for both", ORANGE),
        ("serve", "within two seconds", BLUE),
    ]
    parts = []
    for i, (verb, leaves, colour) in enumerate(stations):
        x = 20 + i * 158
        parts += [
            box(x, 40, 134, 74, colour),
            text(x + 67, 72, verb, font_size=18, font_weight=600),
            text(x + 67, 96, leaves, font_size=11.5, fill=SOFT),
        ]
        if i:
            parts.append(arrow(x - 22, 77, x - 3, 77))
    loop = (
        f'<path d="M877 114 V150 H87 V118 M82 125 L87 118 L92 125" fill="none" '
        f'stroke="{SOFT}" stroke-width="2" stroke-dasharray="5 5"/>'
    )
    words = text(482, 172, "a better model looks at the next photo", fill=SOFT)
    return page(
        964, 190, "The way of a photo: a loop of six stations", *parts, loop, words
    )


def a_face(x: float, y: float, r: float) -> str:
    """A drawn one, `r` high from its middle; every point in tenths of r."""

    def at(dx: float, dy: float) -> str:
        return f"{x + dx * r / 10:g} {y + dy * r / 10:g}"

    line = f'fill="none" stroke="{INK}" stroke-width="3"'
    eye = f'r="{r * 0.08:g}" fill="{INK}"'
    return (
        f'<ellipse cx="{x:g}" cy="{y:g}" rx="{r * 0.78:g}" ry="{r:g}" '
        f'fill="#f2d3b5" stroke="{INK}"/>'
        f'<circle cx="{x - r * 0.3:g}" cy="{y - r * 0.15:g}" {eye}/>'
        f'<circle cx="{x + r * 0.3:g}" cy="{y - r * 0.15:g}" {eye}/>'
        f'<path d="M{at(-3.5, 3.5)} Q{at(0, 7.5)} {at(3.5, 3.5)}" {line}/>'
        f'<path d="M{at(0, -0.5)} L{at(-0.8, 1.7)} L{at(0.6, 1.7)}" {line}/>'
    )


def crop() -> str:
    cx, cy, w, h = 150, 150, 124, 164
    side = 1.08 * (w + h) / 2
    found = (
        f'<rect x="{cx - w / 2:g}" y="{cy - h / 2:g}" width="{w}" height="{h}" '
        f'fill="none" stroke="{BLUE}" stroke-width="2"/>'
    )
    square = (
        f'<rect x="{cx - side / 2:g}" y="{cy - side / 2:g}" width="{side:g}" '
        f'height="{side:g}" fill="none" stroke="{ORANGE}" stroke-width="2" '
        f'stroke-dasharray="6 4"/>'
    )
    grid = "".join(
        f'<path d="M{430 + i * 12} 90 v120 M430 {90 + i * 12} h120" '
        f'stroke="{SOFT}" stroke-width=".4"/>'
        for i in range(11)
    )
    inside = (
        '<clipPath id="c"><rect x="430" y="90" width="120" height="120"/></clipPath>'
        f'<g clip-path="url(#c)" filter="grayscale(1)">{a_face(490, 150, 63)}</g>'
    )
    return page(
        640,
        300,
        "The detector's box, the square around it, and 48 by 48 greys",
        a_face(cx, cy, 82),
        found,
        square,
        text(cx, 258, f"box {w} × {h}: the detector's", fill=BLUE),
        text(cx, 280, f"square {side:.0f}: 1.08 × ({w} + {h}) / 2", fill=ORANGE),
        arrow(270, 150, 400, 150),
        text(335, 138, "grey, 48 × 48", fill=SOFT, font_size=12),
        inside,
        grid,
        text(490, 258, "what the network sees"),
    )


def network() -> str:
    stages = [(48, 32), (24, 96), (12, 192), (6, 384)]
    parts, x = [], 30.0
    parts += [box(x, 90, 70, 90, SOFT), text(x + 35, 130, "face")]
    parts.append(text(x + 35, 150, "48 × 48", font_size=12, fill=SOFT))
    x += 92
    for side, width in stages:
        high, wide = 40 + side * 1.9, 26 + width / 6
        y = 135 - high / 2
        parts += [
            box(x, y, wide, high, BLUE, fill="#e6f1f8"),
            text(x + wide / 2, 218, f"{side} × {side}", font_size=12, fill=SOFT),
            text(x + wide / 2, 236, f"{width} maps", font_size=12, fill=SOFT),
        ]
        x += wide + 34
    parts += [
        arrow(x - 30, 135, x, 135),
        box(x + 4, 95, 104, 80, ORANGE, fill="#fdf1e7"),
        text(x + 56, 130, "evidence"),
        text(x + 56, 150, "one map each", font_size=12, fill=SOFT),
        arrow(x + 110, 135, x + 146, 135),
        text(x + 128, 124, "mean", font_size=12, fill=SOFT),
        box(x + 150, 95, 108, 80, GREEN, fill="#e8f6f1"),
        text(x + 204, 130, "probabilities"),
        text(x + 204, 150, "calibrated, sum 1", font_size=11, fill=SOFT),
    ]
    return page(
        int(x + 280),
        260,
        "Convolutions, a map of evidence for each emotion, its mean, probabilities",
        *parts,
    )


def pairs() -> str:
    cells = [
        ("both right", "says nothing", SOFT, 210, 60),
        ("only the champion", "counts against", ORANGE, 400, 60),
        ("only the challenger", "counts for", GREEN, 210, 150),
        ("both wrong", "says nothing", SOFT, 400, 150),
    ]
    parts = []
    for name, meaning, colour, x, y in cells:
        parts += [
            box(x, y, 176, 76, colour),
            text(x + 88, y + 34, name, font_weight=600),
            text(x + 88, y + 56, meaning, fill=SOFT, font_size=12),
        ]
    parts += [
        text(298, 44, "challenger right", fill=SOFT),
        text(488, 44, "challenger wrong", fill=SOFT),
        text(120, 102, "champion right", fill=SOFT),
        text(120, 192, "champion wrong", fill=SOFT),
    ]
    return page(620, 250, "Of each exam face: which of the two got it right", *parts)


if __name__ == "__main__":
    main()
