"""Pictures that a strange hand has been at: good files of each format, with bytes
flipped, cut, doubled and exchanged. Each number makes the same mutant for ever."""

import functools
import random
import struct
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tests.support.factories import make_face
from tests.support.image_files import encoded, turned

SEED = 20
SIDE = 96
HEADER = 256  # bytes, in which half of all changes are made
ODD_BYTES = (0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF)
ODD_NUMBERS = (
    0,
    1,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x10000,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
)


@functools.cache
def originals() -> dict[str, bytes]:
    """One face in every format that is read, and in some of their dialects."""
    face = make_face(29, side=SIDE)
    grey = np.ascontiguousarray(face[..., 1])
    frames = {"save_all": True, "append_images": _later_frames(face)}
    return {
        "crop.jpg": encoded(face, "JPEG", quality=90),
        "progressive.jpg": encoded(face, "JPEG", progressive=True),
        "restarts.jpg": encoded(face, "JPEG", restart_marker_blocks=4),
        "turned.jpg": turned(face, 6, "JPEG"),
        "grey.jpg": encoded(grey, "JPEG"),
        "rgb.png": encoded(face, "PNG"),
        "turned.png": turned(face, 8, "PNG"),
        "lossy.webp": encoded(face, "WEBP"),
        "lossless.webp": encoded(face, "WEBP", lossless=True),
        "film.webp": encoded(face, "WEBP", **frames),
        "still.avif": encoded(face, "AVIF"),
        "still.heic": encoded(face, "HEIF"),
        "still.gif": encoded(face, "GIF"),
        "film.gif": encoded(face, "GIF", **frames),
        "still.bmp": encoded(face, "BMP"),
        "plain.tiff": encoded(face, "TIFF"),
        "lzw.tiff": encoded(face, "TIFF", compression="tiff_lzw"),
        "jpeg.tiff": encoded(face, "TIFF", compression="jpeg"),
        "deflated.tiff": encoded(grey, "TIFF", compression="tiff_adobe_deflate"),
    }


def mutant(number: int) -> tuple[str, bytes]:
    """Its name, `lossy.webp-7`, and its bytes."""
    dice = random.Random(f"{SEED}-{number}")
    names = list(originals())
    name = names[number % len(names)]
    data = bytearray(originals()[name])
    for _ in range(dice.choice((1, 1, 2, 4, 16))):
        dice.choice(CHANGES)(data, dice)
    return f"{name}-{number}", bytes(data)


def _later_frames(face: NDArray[np.uint8]) -> list[object]:
    from PIL import Image

    return [Image.fromarray(np.ascontiguousarray(face[:, ::-1])), Image.fromarray(face)]


def _place(data: bytearray, dice: random.Random) -> int:
    """Somewhere, and half of the time in the header."""
    end = HEADER if dice.random() < 0.5 else len(data)
    return dice.randrange(max(1, min(end, len(data))))


def _flip_a_bit(data: bytearray, dice: random.Random) -> None:
    if data:
        data[_place(data, dice)] ^= 1 << dice.randrange(8)


def _set_a_byte(data: bytearray, dice: random.Random) -> None:
    if data:
        data[_place(data, dice)] = dice.choice(ODD_BYTES)


def _set_a_number(data: bytearray, dice: random.Random) -> None:
    """A length, a count, an offset or a size that is not so."""
    number, order = dice.choice(ODD_NUMBERS), dice.choice("<>")
    packed = struct.pack(f"{order}I", number)
    if number < 2**16 and dice.random() < 0.5:
        packed = struct.pack(f"{order}H", number)
    at = _place(data, dice)
    data[at : at + len(packed)] = packed


def _make_noise(data: bytearray, dice: random.Random) -> None:
    at, length = _place(data, dice), dice.randrange(1, 64)
    data[at : at + length] = dice.randbytes(length)


def _cut_short(data: bytearray, dice: random.Random) -> None:
    del data[_place(data, dice) :]


def _take_out(data: bytearray, dice: random.Random) -> None:
    at = _place(data, dice)
    del data[at : at + dice.randrange(1, 512)]


def _double(data: bytearray, dice: random.Random) -> None:
    at = _place(data, dice)
    part = data[at : at + dice.randrange(1, 512)]
    data[at:at] = part * dice.choice((1, 2, 200))


def _exchange(data: bytearray, dice: random.Random) -> None:
    """A part of another file, of whatever format."""
    other = originals()[dice.choice(list(originals()))]
    start, length = dice.randrange(len(other)), dice.randrange(1, 1024)
    at = _place(data, dice)
    data[at : at + length] = other[start : start + length]


CHANGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip_a_bit,
    _set_a_byte,
    _set_a_number,
    _make_noise,
    _cut_short,
    _take_out,
    _double,
    _exchange,
)
