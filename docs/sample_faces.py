"""The three faces of the first page, drawn here: nobody's photograph.

    python docs/sample_faces.py

Writes webapp/static/samples/NAME.jpg. Needs chromium on PATH, which renders them.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402

from tests.support.fake_camera import launch  # noqa: E402

OUT = ROOT / "webapp" / "static" / "samples"
SIDE = 480  # px
QUALITY = 88


@dataclass(frozen=True)
class Person:
    """Colours, the shapes that differ from face to face (as SVG), and the features
    that make the expression."""

    skin: tuple[str, str, str]  # light, middle, shadow
    lips: str
    hair: str
    shirt: str
    wall: tuple[str, str]
    behind: str  # hair behind the head
    fringe: str  # hair over the forehead
    mouth: str
    brow: str  # the left one; the right one is its mirror image
    eye: tuple[float, float, float]  # half its width, its height up and down
    iris: str
    lines: str = ""  # folds of the skin


HAPPY = Person(
    skin=("#f6cdb0", "#e5ac88", "#b97e5e"),
    lips="#b5524e",
    hair="#4a2f22",
    shirt="#3f6f8f",
    wall=("#f1ebe1", "#cfc6b8"),
    behind="M118 250 C96 90 384 90 362 250 C372 330 356 372 334 392 L146 392"
    " C124 372 108 330 118 250Z",
    fringe="M122 246 C112 110 180 78 246 80 C320 80 366 130 358 246"
    " C346 186 306 158 262 152 C216 150 146 176 122 246Z",
    mouth="""
      <path d="M182 312 C206 324 274 324 298 312 C292 358 262 376 240 376
        C218 376 188 358 182 312Z" fill="#6d2329"/>
      <path d="M188 315 C210 325 270 325 292 315 C288 334 270 341 240 341
        C210 341 192 334 188 315Z" fill="#fbf8f2"/>
      <path d="M180 310 C206 322 222 316 240 319 C258 316 274 322 300 310" fill="none"
        stroke="LIPS" stroke-width="7" stroke-linecap="round"/>
      <path d="M184 318 C192 362 220 379 240 379 C260 379 288 362 296 318" fill="none"
        stroke="LIPS" stroke-width="8" stroke-linecap="round"/>""",
    brow="M160 196 C176 182 202 180 220 190",
    eye=(23, 9, 8),
    iris="#5d4027",
    lines="""
      <path d="M176 292 C164 304 160 318 163 332 M304 292 C316 304 320 318 317 332"/>
      <path d="M166 246 C180 254 202 254 214 247 M266 247 C278 254 300 254 314 246"/>
      <path d="M148 226 l-9 -5 M148 233 l-10 2 M332 226 l9 -5 M332 233 l10 2"/>""",
)
SURPRISE = Person(
    skin=("#c98f66", "#a96f49", "#74452b"),
    lips="#7d3b38",
    hair="#1d1815",
    shirt="#b5523f",
    wall=("#e9eef0", "#bcc6ca"),
    behind="M116 236 C84 110 150 60 240 60 C330 60 396 110 364 236 C372 262 352 280"
    " 348 262 L132 262 C128 280 108 262 116 236Z",
    fringe="M122 226 C112 110 170 76 240 76 C310 76 368 110 358 226 C348 160 312 138"
    " 240 136 C168 138 132 160 122 226Z",
    mouth="""
      <ellipse cx="240" cy="350" rx="29" ry="37" fill="#4d171b"/>
      <path d="M218 328 C228 318 252 318 262 328 C256 334 224 334 218 328Z"
        fill="#fbf8f2"/>
      <ellipse cx="240" cy="350" rx="30" ry="38" fill="none" stroke="LIPS"
        stroke-width="9"/>""",
    brow="M154 180 C174 160 204 158 222 172",
    eye=(25, 20, 17),
    iris="#3a2618",
    lines="""
      <path d="M190 140 C220 133 260 133 290 140 M198 152 C226 146 254 146 282 152"/>
      <path d="M196 300 C188 312 184 326 186 342"/>
      <path d="M284 300 C292 312 296 326 294 342"/>""",
)
ANGRY = Person(
    skin=("#f3cbb4", "#dd9f83", "#a96a52"),
    lips="#a2544c",
    hair="#8a4b22",
    shirt="#4b5345",
    wall=("#efe7e4", "#c9bcb6"),
    behind="M122 240 C100 96 380 96 358 240 C360 262 350 270 346 256 L134 256"
    " C130 270 120 262 122 240Z",
    fringe="M126 226 C114 118 170 74 250 78 C328 80 364 126 354 226 C346 186 334 164"
    " 318 152 C290 166 250 146 216 144 C180 146 142 170 126 226Z",
    mouth="""
      <path d="M190 356 C212 330 268 330 290 356" fill="none" stroke="#7a2f2d"
        stroke-width="7" stroke-linecap="round"/>
      <path d="M206 354 C222 344 258 344 274 354 C262 360 218 360 206 354Z"
        fill="LIPS"/>""",
    brow="M154 186 C178 186 206 202 226 220",
    eye=(22, 10, 9),
    iris="#4b5a48",
    lines="""
      <path d="M232 196 L236 176 M248 196 L244 176"/>
      <path d="M202 296 C186 308 178 324 176 342 M278 296 C294 308 302 324 304 342"/>
      <path d="M214 376 C228 370 252 370 266 376"/>""",
)
PEOPLE = {"happy": HAPPY, "surprise": SURPRISE, "angry": ANGRY}


def drawing(who: Person) -> str:
    """An SVG of 480 × 480."""
    light, middle, shadow = who.skin
    half = _half_a_face(who)
    return f"""
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 480" width="{SIDE}"
  height="{SIDE}">
  <defs>
    <radialGradient id="wall" cx=".4" cy=".3" r=".9">
      <stop offset="0" stop-color="{who.wall[0]}"/>
      <stop offset="1" stop-color="{who.wall[1]}"/></radialGradient>
    <radialGradient id="skin" cx=".4" cy=".36" r=".75">
      <stop offset="0" stop-color="{light}"/><stop offset=".6" stop-color="{middle}"/>
      <stop offset="1" stop-color="{shadow}"/></radialGradient>
    <linearGradient id="shirt" x2="1"><stop stop-color="{who.shirt}"/>
      <stop offset="1" stop-color="{who.shirt}" stop-opacity=".8"/></linearGradient>
    <filter id="soft"><feGaussianBlur stdDeviation="9"/></filter>
    <filter id="softer"><feGaussianBlur stdDeviation="3"/></filter>
  </defs>
  <rect width="480" height="480" fill="url(#wall)"/>
  <path d="{who.behind}" fill="{who.hair}"/>
  <path d="M56 480 C70 424 130 412 196 404 L284 404 C350 412 410 424 424 480Z"
    fill="{who.shirt}"/>
  <path d="M196 350 L196 404 C204 436 276 436 284 404 L284 350Z" fill="{middle}"/>
  <path d="M196 372 C216 408 264 408 284 372 L284 404 C276 424 204 424 196 404Z"
    fill="{shadow}" opacity=".55"/>
  <ellipse cx="127" cy="252" rx="15" ry="30" fill="{middle}"/>
  <ellipse cx="353" cy="252" rx="15" ry="30" fill="{shadow}"/>
  <path d="M130 220 C126 128 178 98 240 98 C302 98 354 128 350 220 C350 300 330 350
    296 388 C274 412 206 412 184 388 C150 350 130 300 130 220Z" fill="url(#skin)"/>
  <g filter="url(#soft)">
    <ellipse cx="180" cy="290" rx="30" ry="22" fill="#d9624f" opacity=".22"/>
    <ellipse cx="300" cy="290" rx="30" ry="22" fill="#c2503f" opacity=".22"/>
    <ellipse cx="190" cy="218" rx="34" ry="20" fill="{shadow}" opacity=".5"/>
    <ellipse cx="290" cy="218" rx="34" ry="20" fill="{shadow}" opacity=".5"/>
    <path d="M250 230 L270 296 L240 302Z" fill="{shadow}" opacity=".5"/>
    <ellipse cx="228" cy="262" rx="8" ry="34" fill="{light}" opacity=".8"/>
    <ellipse cx="240" cy="394" rx="60" ry="14" fill="{shadow}" opacity=".4"/>
  </g>
  <g>{half}</g>
  <g transform="translate(480 0) scale(-1 1)">{half}</g>
  <g fill="none" stroke="{shadow}" stroke-width="4" stroke-linecap="round">
    <path d="M216 292 C212 304 226 306 232 303 C237 308 243 308 248 303
      C254 306 268 304 264 292" stroke-width="4.5"/>
    <g filter="url(#softer)" stroke-width="5">{who.lines}</g>
  </g>
  {who.mouth.replace("LIPS", who.lips)}
  <path d="{who.fringe}" fill="{who.hair}"/>
</svg>"""


def _half_a_face(who: Person) -> str:
    """The left eye and its brow."""
    wide, up, down = who.eye
    x, y = 188, 228
    shadow = who.skin[2]
    shape = (
        f"M{x - wide} {y + 2} C{x - wide / 2} {y - up * 1.35} {x + wide / 2}"
        f" {y - up * 1.35} {x + wide} {y + 2} C{x + wide / 2} {y + down * 1.3}"
        f" {x - wide / 2} {y + down * 1.3} {x - wide} {y + 2}Z"
    )
    lid = shape.split(" C")[0] + " C" + shape.split(" C")[1]
    return f"""
  <clipPath id="eye"><path d="{shape}"/></clipPath>
  <path d="{shape}" fill="#fdfbf7" stroke="{shadow}" stroke-width="2"/>
  <g clip-path="url(#eye)">
    <circle cx="{x}" cy="{y}" r="12.5" fill="{who.iris}"/>
    <circle cx="{x}" cy="{y}" r="6" fill="#0e0b0a"/>
    <circle cx="{x - 4}" cy="{y - 5}" r="3" fill="#fff"/>
    <path d="{lid}" fill="none" stroke="#000" stroke-opacity=".25" stroke-width="9"/>
  </g>
  <path d="{lid}" fill="none" stroke="#2a1a14" stroke-width="4.5"
    stroke-linecap="round"/>
  <path d="{who.brow}" fill="none" stroke="{who.hair}" stroke-width="10"
    stroke-linecap="round"/>"""


def main() -> None:
    OUT.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": SIDE, "height": SIDE})
        for name, who in PEOPLE.items():
            page.set_content(f"<style>body {{ margin: 0 }}</style>{drawing(who)}")
            path = OUT / f"{name}.jpg"
            path.write_bytes(page.screenshot(type="jpeg", quality=QUALITY))
            print(path.relative_to(ROOT))
        browser.close()


if __name__ == "__main__":
    main()
