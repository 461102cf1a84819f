"""Image files made by code: good ones of every kind, and the bad ones strangers send.

`GOOD` and `BAD` are made at first use: `for name, make in GOOD.items(): make()`.
"""

import functools
import io
import struct
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import cv2
import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

pillow_heif.register_heif_opener()


class Bad(NamedTuple):
    code: str  # of ml.vision.decode.BadPicture
    make: Callable[[], bytes]


def scene(width: int = 320, height: int = 240) -> NDArray[np.uint8]:
    """uint8 [h, w, 3]: colours that differ in every corner, so that a turn shows."""
    y, x = np.mgrid[0:height, 0:width]
    red = 255 * x / max(1, width - 1)
    green = 255 * y / max(1, height - 1)
    blue = np.where((x < width / 4) & (y < height / 3), 255, 40)
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


def encoded(pixels: NDArray[Any] | Image.Image, kind: str, **options: Any) -> bytes:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def turned(
    upright: NDArray[np.uint8], orientation: int, kind: str = "PNG", **options: Any
) -> bytes:
    """Stored as a camera held another way would, with the EXIF to undo it."""
    undo = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.swapaxes(0, 1),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(upright, 3),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = np.ascontiguousarray(undo[orientation])
    return encoded(pixels, kind, exif=exif.tobytes(), **options)


def _jpeg(width: int = 320, height: int = 240, **options: Any) -> bytes:
    return encoded(scene(width, height), "JPEG", **options)


def _flat(width: int, height: int, kind: str, **options: Any) -> bytes:
    return encoded(Image.new("RGB", (width, height), (90, 120, 60)), kind, **options)


def _png_of_size(width: int, height: int) -> bytes:
    """A PNG whose header promises any size, over a few kilobytes of zeros."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1_000_000, 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", pixels)
        + chunk(b"IEND", b"")
    )


def _webp_of_size(width: int, height: int) -> bytes:
    """A WebP whose header promises any size up to 2^24 a side."""
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0"
    body += (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body += b"VP8L" + struct.pack("<I", 8) + b"\x2f" + b"\0" * 7
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _many_scans() -> bytes:
    """Progressive, its last scan a thousand times; no encoder writes a hundred."""
    photo = _jpeg(progressive=True)
    last = photo[photo.rindex(b"\xff\xda") : -2]
    return photo[:-2] + last * 1000 + b"\xff\xd9"


def _palette() -> bytes:
    image = Image.fromarray(scene()).convert("P", palette=Image.Palette.ADAPTIVE)
    return encoded(image, "PNG", transparency=0)


def _sixteen_bits() -> bytes:
    grey = np.linspace(0, 65535, 320 * 240).reshape(240, 320)
    return encoded(grey.astype(np.uint16), "PNG")


def _animated(kind: str) -> bytes:
    frames = [Image.new("RGB", (64, 48), (0, 0, 40 * n)) for n in range(5)]
    return encoded(
        frames[0], kind, save_all=True, append_images=frames[1:], duration=100
    )


def _nan_exif() -> bytes:
    """EXIF that calls the orientation a float that is no number, and divides by 0."""
    entries = [
        struct.pack(">HHI4s", 0x0112, 11, 1, struct.pack(">f", float("nan"))),
        struct.pack(">HHII", 0x011A, 5, 1, 38),  # a fraction, at byte 38
    ]
    tiff = b"MM\0*" + struct.pack(">IH", 8, len(entries)) + b"".join(entries)
    return _jpeg(exif=b"Exif\0\0" + tiff + b"\0\0\0\0" + struct.pack(">II", 0, 0))


def _torn_exif() -> bytes:
    return _jpeg(exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12\0\x03")


def _cmyk() -> bytes:
    return encoded(Image.fromarray(scene()).convert("CMYK"), "JPEG")


def _polyglot() -> bytes:
    """A picture that is a script and an archive as well."""
    return (
        _jpeg(comment=b"<script>alert(1)</script>") + b"PK\x03\x04<?php system(1); ?>"
    )


def _half_transparent() -> bytes:
    pixels = np.dstack([scene(), np.full((240, 320), 128, np.uint8)])
    return encoded(pixels, "PNG")


def _tiff_of_floats() -> bytes:
    values = np.linspace(-1, 1, 64 * 48).reshape(48, 64).astype(np.float32)
    values[0, 0], values[0, 1] = np.nan, np.inf
    return encoded(values, "TIFF")


def _cut_between_scans() -> bytes:
    """Progressive, and without its last scan, as if the way had ended there."""
    photo = _jpeg(progressive=True)
    return photo[: photo.rindex(b"\xff\xda")]


def _twelve_bits() -> bytes:
    """What its header says; no decoder here gets any further."""
    photo = bytearray(_jpeg())
    photo[photo.index(b"\xff\xc0") + 4] = 12
    return bytes(photo)


def grey_avif(width: int, height: int, depth: int) -> bytes:
    """Of 8, 10 or 12 bits, without a colour."""
    grey = np.asarray(Image.fromarray(scene(width, height)).convert("L"), np.uint16)
    pixels = grey.astype(np.uint8) if depth == 8 else grey << (depth - 8)
    options = [cv2.IMWRITE_AVIF_DEPTH, depth, cv2.IMWRITE_AVIF_SPEED, 10]
    return bytes(cv2.imencode(".avif", pixels, options)[1])


def _tiff_of_float_colours() -> bytes:
    return bytes(cv2.imencode(".tiff", scene().astype(np.float32) / 255)[1])


GOOD: dict[str, Callable[[], bytes]] = {
    "photo.jpg": _jpeg,
    "progressive.jpg": functools.partial(_jpeg, progressive=True),
    "grey.jpg": lambda: encoded(Image.fromarray(scene()).convert("L"), "JPEG"),
    "cmyk.jpg": _cmyk,
    "photo.png": lambda: encoded(scene(), "PNG"),
    "16-bit.png": _sixteen_bits,
    "palette-transparent.png": _palette,
    "half-transparent.png": _half_transparent,
    "one-bit.png": lambda: encoded(Image.fromarray(scene()).convert("1"), "PNG"),
    "photo.webp": lambda: encoded(scene(), "WEBP"),
    "lossless.webp": lambda: encoded(scene(), "WEBP", lossless=True),
    "animated.webp": lambda: _animated("WEBP"),
    "photo.avif": lambda: encoded(scene(), "AVIF"),
    "photo.heic": lambda: encoded(scene(), "HEIF"),
    "photo.gif": lambda: encoded(scene(), "GIF"),
    "animated.gif": lambda: _animated("GIF"),
    "animated.png": lambda: _animated("PNG"),
    "photo.bmp": lambda: encoded(scene(), "BMP"),
    "photo.tiff": lambda: encoded(scene(), "TIFF"),
    "floats.tiff": _tiff_of_floats,
    "no-end.jpg": lambda: _jpeg()[:-2],
    "no-end-progressive.jpg": lambda: _jpeg(progressive=True)[:-2],
    "grey-12-bit.avif": lambda: grey_avif(320, 240, 12),
    "1x1.png": lambda: encoded(scene(1, 1), "PNG"),
    "1x20000.png": lambda: _flat(1, 20000, "PNG"),
    "20000x1.jpg": lambda: _flat(20000, 1, "JPEG"),
    "60-megapixels.jpg": lambda: _flat(10_000, 6_000, "JPEG"),
    "nan-exif.jpg": _nan_exif,
    "torn-exif.jpg": _torn_exif,
    "polyglot.jpg": _polyglot,
    "a-png-named.jpg": lambda: encoded(scene(), "PNG"),
}
for _orientation in range(1, 9):
    GOOD[f"exif-{_orientation}.png"] = functools.partial(turned, scene(), _orientation)

BAD: dict[str, Bad] = {
    "zero-bytes.jpg": Bad("empty", lambda: b""),
    "truncated.jpg": Bad("broken", lambda: _jpeg()[:2500]),
    "truncated-header.jpg": Bad("broken", lambda: _jpeg()[:20]),
    "truncated-by-a-scan.jpg": Bad("broken", _cut_between_scans),
    "truncated.png": Bad("broken", lambda: encoded(scene(), "PNG")[:400]),
    "truncated.webp": Bad("broken", lambda: encoded(scene(), "WEBP")[:300]),
    "truncated.heic": Bad("broken", lambda: encoded(scene(), "HEIF")[:-200]),
    "truncated.avif": Bad("broken", lambda: encoded(scene(), "AVIF")[:-200]),
    "truncated.gif": Bad("broken", lambda: encoded(scene(), "GIF")[:30]),
    "bomb.png": Bad("too_many_pixels", lambda: _png_of_size(50_000, 50_000)),
    "lying.png": Bad("broken", lambda: _png_of_size(4000, 4000)),
    "bomb.webp": Bad("too_many_pixels", lambda: _webp_of_size(16_000, 16_000)),
    "60-megapixels.png": Bad("too_many_pixels", lambda: _flat(10_000, 6_000, "PNG")),
    "60-megapixels-progressive.jpg": Bad(
        "too_many_pixels", lambda: _flat(10_000, 6_000, "JPEG", progressive=True)
    ),
    "108-megapixels.jpg": Bad(
        "too_many_pixels", lambda: _flat(12_000, 9_000, "JPEG", quality=20)
    ),
    "1000-scans.jpg": Bad("too_complex", _many_scans),
    "too-many-bytes.bmp": Bad("too_large", lambda: _flat(3000, 2400, "BMP")),
    "drawing.svg": Bad(
        "unsupported",
        lambda: b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    ),
    "12-bit.jpg": Bad("unsupported", _twelve_bits),
    "floats-in-colour.tiff": Bad("unsupported", _tiff_of_float_colours),
    "paper.pdf": Bad("unsupported", lambda: b"%PDF-1.7\n%\xe2\xe3\n" + b"x" * 500),
    "film.mp4": Bad("unsupported", lambda: b"\0\0\0\x20ftypisom" + b"\0" * 500),
    "page.jpg": Bad(
        "not_a_picture", lambda: b"<!doctype html><title>Hi</title><p>no picture"
    ),
    "words.png": Bad("not_a_picture", lambda: b"just some words, no picture at all"),
    "noise.jpg": Bad("not_a_picture", lambda: np.random.default_rng(5).bytes(50_000)),
}
