"""Reads any kind of picture, in a process that may end at any time.

`decoder_pool` starts it and hands it one picture after the other. One that takes too
much work ends the process, by the kernel's timer: no decoder can put that off.
"""

import ctypes
import fcntl
import io
import json
import mmap
import os
import resource
import select
import signal
import socket
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import AvifImagePlugin, Image

from ml.vision import decode, jpeg_structure, picture_kinds
from ml.vision.decode import BadPicture, Picture
from ml.vision.to_rgb import resize_array, resize_image

MAX_MEMORY = 3 * 2**28  # bytes, the libraries' own included
IDLE = 5.0  # seconds
MAX_THREADS = 8  # of a decoder, each with a stack of 8 MB

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "BMP", "DIB", "TIFF")
EIGHT_BITS = ("L", "LA", "RGB", "RGBA")
# Bytes of a JPEG's pixels, all kinds of codes.
_NOISE = np.random.default_rng(8).integers(0, 255, 1024, np.uint8).tobytes()


def main() -> None:
    """Answer until nobody asks any more."""
    asking, memory, lock = (int(number) for number in sys.argv[1:])
    _prepare()
    shared = mmap.mmap(memory, 0)
    with socket.socket(fileno=asking) as orders:
        while order := _next_order(orders):
            what = json.loads(order)
            with _deadline(what["max_cpu"]):
                answer = _answer(what, shared, lock)
            orders.send(json.dumps(answer).encode())


def _next_order(orders: socket.socket) -> bytes:
    """b"" at the end. While nobody asks, free memory goes back to the system."""
    if not select.select([orders], [], [], IDLE)[0]:
        ctypes.CDLL(None).malloc_trim(0)
    return orders.recv(4096)


def _prepare() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends with whoever asks
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    prepare_codecs()
    # Pillow raises above twice as many, before it sets memory aside.
    Image.MAX_IMAGE_PIXELS = decode.MAX_WHOLE_PIXELS // 2
    warnings.simplefilter("ignore")  # of those between, and of odd metadata


def prepare_codecs() -> None:
    """HEIC can be read, and no decoder takes more threads than it may."""
    pillow_heif.register_heif_opener(thumbnails=False)
    pillow_heif.options.DECODE_THREADS = 1
    cv2.setNumThreads(1)
    cores = len(os.sched_getaffinity(0))
    AvifImagePlugin.DEFAULT_MAX_THREADS = min(cores, MAX_THREADS)


@contextmanager
def _deadline(max_cpu: float) -> Iterator[None]:
    """Let the kernel end the process after so much work, its waiting not counted."""
    signal.setitimer(signal.ITIMER_PROF, max_cpu)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)


def _answer(order: dict[str, Any], shared: mmap.mmap, lock: int) -> dict[str, Any]:
    """Of the file in `shared`, replaced there by its pixels."""
    try:
        picture = read(shared[: order["bytes"]], order["max_side"], lock)
    except BadPicture as why:
        return _refusal(why)
    except MemoryError:
        return _refusal(decode.too_complex())
    rgb = picture.rgb
    np.frombuffer(shared, np.uint8, rgb.size).reshape(rgb.shape)[:] = rgb
    return {
        "width": picture.width,
        "height": picture.height,
        "shape": rgb.shape,
        "note": picture.note,
    }


def _refusal(why: BadPicture) -> dict[str, Any]:
    return {"code": why.code, "sentence": str(why)}


def read(data: bytes, max_side: int | None, lock: int) -> Picture:
    """As `decode.load`; `lock` is a file held while the picture is a large one."""
    try:
        if jpeg_structure.lacks_end(data):
            return _read_without_end(data, max_side, lock)
        return _read(data, max_side, lock)
    except BadPicture as why:
        if why.code == "broken" and (kind := picture_kinds.rare_kind(data)):
            raise _unsupported(kind) from why
        raise


def _read_without_end(data: bytes, max_side: int | None, lock: int) -> Picture:
    """A JPEG that is whole looks the same whatever follows it: where pixels are
    missing, the decoder takes what follows for them."""
    if not jpeg_structure.has_all_scans(data):
        raise decode.ends_too_early()
    data, end = data.removesuffix(b"\xff"), jpeg_structure.END
    picture = _read(data + end, max_side, lock)
    if not np.array_equal(picture.rgb, _read(data + _NOISE + end, max_side, lock).rgb):
        raise decode.ends_too_early()
    return replace(picture, note="no_end")


def _read(data: bytes, max_side: int | None, lock: int) -> Picture:
    with _open(data) as image:
        width, height = image.size
        decode.check_size(width, height, decode.MAX_WHOLE_PIXELS)
        goal = decode.fitted_size(width, height, max_side)
        if image.format in {"JPEG", "MPO"}:
            image.draft(None, goal)
        with _alone(lock, width * height > decode.LARGE_PIXELS):
            rgb = _pixels(image, data, goal)
        orientation = _orientation(image)
    return decode.upright(rgb, orientation, width, height)


@contextmanager
def _alone(lock: int, is_large: bool) -> Iterator[None]:
    if is_large:
        fcntl.lockf(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if is_large:
            fcntl.lockf(lock, fcntl.LOCK_UN)


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError:
        raise decode.too_many_pixels() from None
    except MemoryError:
        raise
    except Exception:  # none of ours, or a parser that stumbles over a hostile header
        kind = picture_kinds.kind_of(data)
    if kind == "broken":
        raise BadPicture("broken", "The picture is damaged and cannot be opened.")
    if kind:
        raise _unsupported(kind)
    raise BadPicture("not_a_picture", "The file is not a picture.")


def _unsupported(kind: str) -> BadPicture:
    return BadPicture(
        "unsupported",
        f"{kind} is not read here. JPEG, PNG, WebP, AVIF, HEIC, GIF, BMP and TIFF are.",
    )


# Of Pillow, with parts of its plugins' own, which have no types.
AnyImage = Any


def _pixels(image: AnyImage, data: bytes, goal: tuple[int, int]) -> NDArray[np.uint8]:
    with decode.damage():
        if image.format == "WEBP" and image.size != goal:
            image._decoder = None  # and its two canvases
            return _webp(data, goal)
        if image.format == "AVIF" and image.size != goal:
            return _avif(image, goal)
        if image.format == "HEIF" and image.mode in EIGHT_BITS:
            return _heif(image, goal)
        image.load()
        return resize_image(image, goal)


def _webp(data: bytes, goal: tuple[int, int]) -> NDArray[np.uint8]:
    """By OpenCV (the first frame): Pillow would hold four copies of it at once."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError("damaged")
    order = "BGRA" if pixels.shape[2] == 4 else "BGR"
    return resize_array(np.asarray(pixels, np.uint8), goal, order=order)


def _avif(image: AnyImage, goal: tuple[int, int]) -> NDArray[np.uint8]:
    """What Pillow's decoder hands over, before Pillow would make a copy of its own."""
    frame, *_times = image._decoder.get_frame(0)
    pixels = np.frombuffer(frame, np.uint8).reshape(image.height, image.width, -1)
    return resize_array(pixels, goal, order=image.mode)


def _heif(image: AnyImage, goal: tuple[int, int]) -> NDArray[np.uint8]:
    """The same for libheif, whose rows are filled up to a multiple of bytes."""
    frame = image._heif_file[image.tell()]
    rows = np.asarray(frame)[:, : frame.size[0]]
    pixels = rows.reshape(*rows.shape[:2], -1)
    return resize_array(pixels, goal, order=frame.mode)


def _orientation(image: Image.Image) -> int:
    """EXIF's 1–8; anything unreadable or out of range counts as upright. What XMP says
    is left out, as browsers do: programs that turn a photo forget it there."""
    for xmp in ("xmp", "XML:com.adobe.xmp"):
        image.info.pop(xmp, None)
    try:
        value = int(image.getexif().get(0x0112, 1))
    except MemoryError:
        raise
    except Exception:  # EXIF is written by anyone and parsed by hope
        return 1
    return value if 1 <= value <= 8 else 1


if __name__ == "__main__":
    main()
