"""Pictures from strangers: decoded within limits, upright, RGB, without metadata.

The header is read before any pixel is, and what it promises decides whether pixels are
read at all. A JPEG whose work can be known by looking is read here; everything else in
a process of its own, which ends when it takes too long. Nothing but pixels leaves this
module: no EXIF, no profile, no trailer.
"""

import io
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL.JpegImagePlugin import JpegImageFile

from ml.errors import BadInput
from ml.vision import decoder_pool, jpeg_structure
from ml.vision.jpeg_structure import Jpeg
from ml.vision.to_rgb import resize_image

MAX_BYTES = 20 * 2**20
MAX_PIXELS = 16_000_000  # that come out: 48 MB
MAX_WHOLE_PIXELS = 51_000_000  # that a process of its own holds and shrinks: 200 MB
MAX_DRAFT_PIXELS = 100_000_000  # a JPEG that is reduced while it is decoded
WORK_SIDE = 1920  # px: three times what the detector sees; a face of 48 is 16 to it
LARGE_PIXELS = 1_500_000  # of these, one at a time

Note = Literal["no_end"]
NOTES: dict[Note, str] = {
    "no_end": "This file stops a little early, but the whole picture is there."
}
Code = Literal[
    "empty",
    "not_a_picture",
    "unsupported",
    "too_large",
    "too_many_pixels",
    "too_complex",
    "broken",
]

_one_large_decode = threading.Lock()


class BadPicture(BadInput):
    """A picture that we do not read; `code` for programs, str() for people."""

    def __init__(self, code: Code, sentence: str) -> None:
        super().__init__(sentence)
        self.code: Code = code


@dataclass(frozen=True)
class Picture:
    rgb: NDArray[np.uint8]  # [h, w, 3], upright, perhaps smaller than the photo
    width: int  # of the upright photo
    height: int
    note: Note | None = None  # what is odd about the file, though all of it is read

    @property
    def scale(self) -> float:
        """Pixels of the photo to a pixel of `rgb`."""
        height, width = self.rgb.shape[:2]
        return max(self.width, self.height) / int(max(height, width))


def decode(data: bytes, *, max_bytes: int = MAX_BYTES) -> NDArray[np.uint8]:
    """The picture as uint8 [h, w, 3] RGB, upright, as large as it is within limits.

    What has more than 16 megapixels comes reduced. Raises BadPicture.
    """
    return load(data, max_bytes=max_bytes, max_side=None).rgb


def load(
    data: bytes, *, max_bytes: int = MAX_BYTES, max_side: int | None = WORK_SIDE
) -> Picture:
    """The picture, its longer side at most `max_side`, and its true size.

    Reads JPEG, PNG, WebP, AVIF, HEIC, GIF (first frame), BMP and TIFF of up to
    `max_bytes` and 51 megapixels; 100 for a JPEG that can be reduced while read.
    Raises BadPicture.
    """
    if not data:
        raise BadPicture("empty", "The file is empty.")
    if len(data) > max_bytes:
        raise too_large(max_bytes)
    data = bytes(data)  # the database's driver gives a memoryview
    jpeg = jpeg_structure.read(data)
    if jpeg and _is_light(jpeg):
        return _read_jpeg(jpeg, max_side)
    if jpeg_structure.has_too_many_scans(data):
        raise too_complex()
    return _read_elsewhere(data, max_side)


def encode_jpeg(rgb: NDArray[np.uint8], *, quality: int = 90) -> bytes:
    """A plain JPEG of uint8 [h, w, 3] (or grey [h, w])."""
    pixels = rgb if rgb.ndim == 2 else cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    ok, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:
        raise ValueError(f"cannot encode an array of {rgb.shape}")
    return bytes(encoded)


def resize(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """uint8 [h, w] or [h, w, 3] in this size, smaller by averaging areas, larger by
    cubics."""
    is_smaller = width < pixels.shape[1] or height < pixels.shape[0]
    how = cv2.INTER_AREA if is_smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=how), np.uint8)


def fit(pixels: NDArray[np.uint8], max_side: int) -> NDArray[np.uint8]:
    """The same, reduced to a longer side of `max_side` where it is larger."""
    height, width = pixels.shape[:2]
    goal = fitted_size(width, height, max_side)
    return pixels if goal == (width, height) else resize(pixels, *goal)


def _is_light(jpeg: Jpeg) -> bool:
    """Its decoder lets go of each row, or keeps 2 bytes for each pixel of each colour
    of a picture that is not large."""
    coefficients = jpeg.width * jpeg.height * max(3, jpeg.colours)
    return jpeg.streams or coefficients <= 3 * MAX_PIXELS


def _read_jpeg(jpeg: Jpeg, max_side: int | None) -> Picture:
    check_size(jpeg.width, jpeg.height, MAX_DRAFT_PIXELS)
    goal = fitted_size(jpeg.width, jpeg.height, max_side)
    with damage(), JpegImageFile(io.BytesIO(jpeg.bare)) as image:
        image.draft(None, goal)  # shrinks by 2, 4 or 8, and never below the goal
        cost = image.width * image.height if jpeg.streams else jpeg.width * jpeg.height
        with _one_large_decode if cost > LARGE_PIXELS else nullcontext():
            image.load()
            rgb = resize_image(image, goal)
    return upright(rgb, jpeg.orientation, jpeg.width, jpeg.height)


def _read_elsewhere(data: bytes, max_side: int | None) -> Picture:
    try:
        answer = decoder_pool.decode(data, max_side)
    except decoder_pool.TooSlow:
        raise too_complex() from None
    if answer.rgb is None:
        raise BadPicture(answer.told["code"], answer.told["sentence"])
    told = answer.told
    return Picture(answer.rgb, told["width"], told["height"], told["note"])


@contextmanager
def damage() -> Iterator[None]:
    """What a decoder raises becomes BadPicture."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:  # decoders raise whatever comes to them
        raise ends_too_early() from error


def check_size(width: int, height: int, most: int) -> None:
    if width < 1 or height < 1:
        raise BadPicture("broken", "The picture is damaged: it has no pixels.")
    if width * height > most:
        raise too_many_pixels()


def ends_too_early() -> BadPicture:
    return BadPicture("broken", "The picture is damaged and cannot be read to its end.")


def too_large(max_bytes: int) -> BadPicture:
    return BadPicture("too_large", f"The file is larger than {max_bytes // 2**20} MB.")


def too_many_pixels() -> BadPicture:
    return BadPicture(
        "too_many_pixels",
        "The picture has too many pixels: 51 megapixels are read, "
        "100 of an ordinary JPEG.",
    )


def too_complex() -> BadPicture:
    return BadPicture(
        "too_complex",
        "The picture takes too long to open: it is too large, or built in an unusual "
        "way. A smaller copy, saved anew, will work.",
    )


def fitted_size(width: int, height: int, max_side: int | None) -> tuple[int, int]:
    """Width and height within MAX_PIXELS and `max_side`, never enlarged."""
    scale = min(1.0, math.sqrt(MAX_PIXELS / (width * height)))
    if max_side is not None:
        scale = min(scale, max_side / max(width, height))
    if scale == 1:
        return width, height
    return max(1, round(width * scale)), max(1, round(height * scale))


def upright(
    rgb: NDArray[np.uint8], orientation: int, width: int, height: int
) -> Picture:
    """Turned as EXIF says (1 to 8); width and height are as they were stored."""
    if orientation >= 5:
        width, height = height, width
    if orientation in {2, 5, 7, 4}:
        rgb = rgb[:, ::-1]
    quarter_turns = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0)
    return Picture(np.ascontiguousarray(np.rot90(rgb, quarter_turns)), width, height)
