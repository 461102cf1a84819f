"""Any kind of pixels to RGB of a given size, a strip at a time.

A decoded picture of 16 megapixels takes 64 MB already. Converting and shrinking it as a
whole would take two or three such copies more; by strips, it takes a few megabytes.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

STRIP_PIXELS = 1_000_000


def resize_image(image: Image.Image, goal: tuple[int, int]) -> NDArray[np.uint8]:
    """uint8 [h, w, 3] of size `goal` (w, h), by averaging areas.

    Palettes, greys of any depth, CMYK and so on all become RGB; what is transparent
    shows white.
    """
    is_plain = image.mode == "RGB" and "transparency" not in image.info
    if is_plain and image.size == goal and math.prod(goal) <= STRIP_PIXELS:
        return np.array(image)  # as crops are
    low, high = _range(image)

    def rows(first: int, last: int) -> Image.Image:
        strip = image.crop((0, first, image.width, last))
        return _rgb(_eight_bits(strip, low, high))

    return _by_strips(rows, image.size, goal)


def resize_array(
    pixels: NDArray[np.uint8], goal: tuple[int, int], *, order: str = "RGB"
) -> NDArray[np.uint8]:
    """The same for uint8 [h, w, c]; `order` names the channels: RGB in any order or L
    for grey, A for alpha."""
    wanted = "RGBA" if "A" in order else "RGB"
    places = [order.index(name if name in order else "L") for name in wanted]

    def rows(first: int, last: int) -> Image.Image:
        strip = np.ascontiguousarray(pixels[first:last, :, places])
        return _rgb(Image.fromarray(strip))

    return _by_strips(rows, (pixels.shape[1], pixels.shape[0]), goal)


def _by_strips(
    rows: Callable[[int, int], Image.Image],
    size: tuple[int, int],
    goal: tuple[int, int],
) -> NDArray[np.uint8]:
    """Ask for rows of RGB, resize them, put them together."""
    width, height = goal
    out = np.empty((height, width, 3), np.uint8)
    scale = size[1] / height
    at_once = max(1, int(STRIP_PIXELS / (size[0] * scale)))
    for top in range(0, height, at_once):
        bottom = min(height, top + at_once)
        first, last = math.floor(top * scale), math.ceil(bottom * scale)
        strip = rows(first, min(last, size[1]))
        if strip.size != (width, bottom - top):
            end = min(bottom * scale - first, strip.height)
            edges = (0, top * scale - first, size[0], end)
            strip = strip.resize((width, bottom - top), Image.Resampling.BOX, edges)
        out[top:bottom] = np.asarray(strip)
    return out


def _rgb(image: Image.Image) -> Image.Image:
    has_alpha = "A" in image.getbands() or "transparency" in image.info
    if has_alpha:
        image = image.convert("RGBA")
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image.getchannel("A"))
        return paper
    return image if image.mode == "RGB" else image.convert("RGB")


def _is_deep(image: Image.Image) -> bool:
    return image.mode.startswith(("I", "F"))


def _eight_bits(image: Image.Image, low: float, high: float) -> Image.Image:
    """Greys of 16 or 32 bits, or floats, to 0–255."""
    if not _is_deep(image):
        return image
    values = np.asarray(image).astype(np.float32)
    values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    values = np.clip((values - low) * (255 / max(high - low, 1e-9)), 0, 255)
    return Image.fromarray(values.astype(np.uint8))


def _range(image: Image.Image) -> tuple[float, float]:
    """What shall be black and white: the type's ends where they are known."""
    if not _is_deep(image) or image.mode.startswith("I;16"):
        return 0.0, 65535.0
    low, high = math.inf, -math.inf
    for top in range(0, image.height, 256):
        strip = image.crop((0, top, image.width, min(top + 256, image.height)))
        values = np.asarray(strip)
        values = values[np.isfinite(values)]
        if values.size:
            low, high = min(low, float(values.min())), max(high, float(values.max()))
    if low > high:
        return 0.0, 1.0
    for white in (255.0, 65535.0):
        if image.mode == "I" and low >= 0 and high <= white:
            return 0.0, white
    return low, high
