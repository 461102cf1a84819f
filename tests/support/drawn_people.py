"""Portraits of drawn people, for screenshots and cameras; YuNet finds their faces."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

SCALE = 2  # drawn larger and shrunk, for smooth edges
Ink = tuple[int, int, int]


@dataclass(frozen=True)
class Look:
    """How a drawn face is made up; lengths are shares of half its width."""

    skin: Ink = (226, 178, 148)
    hair: Ink = (66, 44, 32)
    shirt: Ink = (70, 98, 122)
    smile: float = 0.35  # the corners of the mouth, up or down
    mouth_open: float = 0.0
    brow: float = 0.0  # the inner ends of the brows, up or down
    eye_open: float = 1.0


PEOPLE = {
    "happy": Look(smile=0.7, mouth_open=0.3, brow=-0.1, eye_open=1.35),
    "surprise": Look(
        (198, 144, 112), (30, 26, 28), (150, 84, 70), -0.2, 0.5, 0.0, 1.35
    ),
    "neutral": Look(
        (240, 200, 176), (150, 104, 60), (92, 112, 84), 0.05, 0.0, -0.15, 1.2
    ),
    "sad": Look((142, 98, 76), (24, 20, 20), (122, 116, 138), -0.3, 0.0, 0.15, 0.5),
    "angry": Look((214, 164, 138), (92, 52, 34), (60, 62, 74), -0.4, 0.0, -0.25, 0.75),
}


_SITTER = PEOPLE["neutral"]
SITTING = {  # one person's expressions, so alike that each correlates with the others
    "neutral": _SITTER,
    "happy": replace(_SITTER, smile=0.4),
    "angry": replace(_SITTER, smile=-0.3, brow=-0.26, eye_open=1.1),
    "sad": replace(_SITTER, smile=-0.35, brow=0.05, eye_open=1.1),
}


def portrait(*names: str, width: int = 1200, height: int = 900) -> NDArray[np.uint8]:
    """uint8 [height, width, 3]: the people side by side in front of a soft wall."""
    size = width * SCALE, height * SCALE
    picture = Image.new("RGB", size, (204, 198, 188))
    light = Image.new("L", size, 0)
    middle = [size[0] * 0.1, -size[1] * 0.4, size[0] * 0.9, size[1] * 0.9]
    ImageDraw.Draw(light).ellipse(middle, fill=120)
    light = light.filter(ImageFilter.GaussianBlur(size[1] / 5))
    picture.paste((240, 236, 228), mask=light)
    reach = min(size[0] / len(names) / 4.4, size[1] / 4.2)
    for place, name in enumerate(names):
        centre = size[0] * (place + 0.5) / len(names)
        draw_person(picture, centre, size[1] * 0.46, reach, PEOPLE[name])
    smaller = picture.resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(smaller, dtype=np.uint8)


def close_up(look: Look, *, seed: int = 0) -> NDArray[np.uint8]:
    """uint8 [160, 160, 3]: one face as a webcam shows it, with noise of its own."""
    side = 160 * SCALE
    picture = Image.new("RGB", (side, side), (204, 198, 188))
    draw_person(picture, side / 2, side / 2, side * 0.38, look)
    smaller = picture.resize((160, 160), Image.Resampling.LANCZOS)
    noise = np.random.default_rng(seed).normal(0, 3, (160, 160, 3))
    return np.clip(np.asarray(smaller) + noise, 0, 255).astype(np.uint8)


def draw_person(picture: Image.Image, x: float, y: float, r: float, look: Look) -> None:
    """`r` is half the face's width, (x, y) its middle."""
    pen = ImageDraw.Draw(picture)
    shade = tuple(int(part * 0.82) for part in look.skin)
    glow = tuple(min(255, int(part * 1.07)) for part in look.skin)

    def oval(dx: float, dy: float, w: float, h: float, ink: object) -> None:
        cx, cy = x + dx * r, y + dy * r
        pen.ellipse([cx - w * r, cy - h * r, cx + w * r, cy + h * r], fill=ink)

    oval(0, 3.0, 2.1, 1.45, look.shirt)
    oval(0, -0.2, 1.18, 1.4, look.hair)
    pen.rectangle([x - 0.42 * r, y + 0.8 * r, x + 0.42 * r, y + 1.7 * r], fill=shade)
    oval(0, 1.7, 0.55, 0.28, shade)
    for side in (-1, 1):
        oval(side * 0.99, 0.05, 0.13, 0.24, shade)
    oval(0, 0, 1.0, 1.3, look.skin)
    _soften(picture, x, y, r, glow, shade)
    pen = ImageDraw.Draw(picture)
    pen.chord(
        [x - 1.04 * r, y - 1.42 * r, x + 1.04 * r, y + 0.1 * r],
        188,
        352,
        fill=look.hair,
    )
    for side in (-1, 1):
        _eye(pen, x + side * 0.4 * r, y - 0.14 * r, r, look, side)
    oval(0, 0.32, 0.15, 0.09, shade)
    oval(0, 0.26, 0.12, 0.09, look.skin)
    for side in (-1, 1):
        oval(side * 0.08, 0.36, 0.04, 0.025, tuple(int(p * 0.5) for p in look.skin))
    _mouth(pen, x, y + 0.72 * r, r, look)


def _soften(
    picture: Image.Image, x: float, y: float, r: float, glow: object, shade: object
) -> None:
    """Light from the left, shadow on the right: detectors look for it."""
    for dx, ink, strength in ((-0.3, glow, 150), (0.62, shade, 120)):
        mask = Image.new("L", picture.size, 0)
        cx = x + dx * r
        box = [cx - 0.34 * r, y - 0.7 * r, cx + 0.34 * r, y + 0.8 * r]
        ImageDraw.Draw(mask).ellipse(box, fill=strength)
        picture.paste(ink, mask=mask.filter(ImageFilter.GaussianBlur(r / 6)))


def _eye(
    pen: ImageDraw.ImageDraw, x: float, y: float, r: float, look: Look, side: int
) -> None:
    wide, high = 0.21 * r, 0.12 * r * look.eye_open
    dark = tuple(int(part * 0.45) for part in look.skin)
    pen.ellipse([x - wide, y - high * 1.25, x + wide, y + high * 1.1], fill=dark)
    pen.ellipse([x - wide, y - high, x + wide, y + high], fill=(250, 248, 244))
    pen.ellipse([x - high, y - high, x + high, y + high], fill=(72, 56, 44))
    spot = 0.5 * high
    pen.ellipse([x - spot, y - spot, x + spot, y + spot], fill=(14, 12, 12))
    gleam = 0.25 * high
    pen.ellipse(
        [x - high / 2, y - high / 2, x - gleam, y - gleam], fill=(255, 255, 255)
    )
    inner, outer = x - side * 0.2 * r, x + side * 0.26 * r
    top = y - 0.26 * r - 0.05 * r * look.eye_open
    ends = [inner, top - look.brow * r, outer, top + 0.04 * r]
    pen.line(ends, fill=look.hair, width=int(0.075 * r))


def _mouth(pen: ImageDraw.ImageDraw, x: float, y: float, r: float, look: Look) -> None:
    red = (int(look.skin[0] * 0.72), int(look.skin[1] * 0.45), int(look.skin[2] * 0.45))
    wide = 0.46 * r if look.mouth_open < 0.4 else 0.24 * r
    lift = look.smile * 0.4 * r
    steps = np.linspace(-1, 1, 40)
    curve = [(x + s * wide, y + lift * (0.5 - s * s)) for s in steps]
    fall = look.mouth_open * 0.9 * r
    lower = [
        (px, py + fall * (1 - s * s)) for (px, py), s in zip(curve, steps, strict=True)
    ]
    if fall:
        pen.polygon(curve + lower[::-1], fill=(70, 26, 30))
        teeth = [
            (px, py + 0.35 * fall * (1 - s * s))
            for (px, py), s in zip(curve, steps, strict=True)
        ]
        pen.polygon(curve + teeth[::-1], fill=(248, 246, 240))
        pen.line(lower, fill=red, width=int(0.08 * r), joint="curve")
    pen.line(curve, fill=red, width=int(0.07 * r), joint="curve")
