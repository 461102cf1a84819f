"""Pictures from strangers: decoded within limits, upright, RGB, without metadata.

The header is read before any pixel is, and what it promises decides whether pixels are
read at all. Nothing but pixels leaves this module: no EXIF, no profile, no trailer.
"""

import io
import math
import threading
import warnings
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ml.errors import BadInput
from ml.vision.file_headers import holds_whole_picture, kind_of, webp_size
from ml.vision.to_rgb import resize_array, resize_image

MAX_BYTES = 20 * 2**20
MAX_PIXELS = 16_000_000  # 64 MB once decoded, and up to 128 beside it meanwhile
MAX_DRAFT_PIXELS = 100_000_000  # a JPEG that is reduced while it is decoded
WORK_SIDE = 1920  # px: three times what the detector sees; a face of 48 is 16 to it
LARGE_PIXELS = 1_500_000  # of these, one at a time
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "BMP", "DIB", "TIFF")

Code = Literal[
    "empty", "not_a_picture", "unsupported", "too_large", "too_many_pixels", "broken"
]

pillow_heif.register_heif_opener(thumbnails=False)
pillow_heif.options.DECODE_THREADS = 1
# Sizes are our business below; without this, Pillow would warn of what we allow.
Image.MAX_IMAGE_PIXELS = MAX_DRAFT_PIXELS
warnings.filterwarnings("ignore", module="PIL")  # of odd metadata, dropped anyway

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

    @property
    def scale(self) -> float:
        """Pixels of the photo to a pixel of `rgb`."""
        height, width = self.rgb.shape[:2]
        return max(self.width, self.height) / int(max(height, width))


def decode(data: bytes, *, max_bytes: int = MAX_BYTES) -> NDArray[np.uint8]:
    """The picture as uint8 [h, w, 3] RGB, upright, as large as it is within limits.

    A JPEG of more than 16 megapixels comes reduced. Raises BadPicture.
    """
    return load(data, max_bytes=max_bytes, max_side=None).rgb


def load(
    data: bytes, *, max_bytes: int = MAX_BYTES, max_side: int | None = WORK_SIDE
) -> Picture:
    """The picture, its longer side at most `max_side`, and its true size.

    Reads JPEG, PNG, WebP, AVIF, HEIC, GIF (first frame), BMP and TIFF of up to
    `max_bytes` and 16 megapixels; 100 for a JPEG that can be reduced while read.
    Raises BadPicture.
    """
    if not data:
        raise BadPicture("empty", "The file is empty.")
    if len(data) > max_bytes:
        raise BadPicture(
            "too_large", f"The file is larger than {max_bytes // 2**20} MB."
        )
    webp = webp_size(data)  # Pillow sets memory aside for a WebP before it tells us
    if webp:
        _check_size(*webp, MAX_PIXELS)
    return _load(data, max_side)


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
    goal = _fitted_size(width, height, max_side)
    return pixels if goal == (width, height) else resize(pixels, *goal)


def _load(data: bytes, max_side: int | None) -> Picture:
    with _open(data) as image:
        width, height = image.size
        is_jpeg = image.format in {"JPEG", "MPO"}
        streams = is_jpeg and not holds_whole_picture(data)
        most = MAX_DRAFT_PIXELS if streams else MAX_PIXELS
        if is_jpeg and not streams:  # 2 bytes for each pixel of each colour
            most = MAX_PIXELS * 3 // max(3, len(image.getbands()))
        _check_size(width, height, most)
        goal = _fitted_size(width, height, max_side)
        if is_jpeg:  # shrinks by 2, 4 or 8, and never below the goal
            image.draft(None, goal)
        cost = image.width * image.height if streams else width * height
        with _one_large_decode if cost > LARGE_PIXELS else nullcontext():
            rgb = _pixels(image, data, goal)
        orientation = _orientation(image)
    if orientation >= 5:
        width, height = height, width
    return Picture(_upright(rgb, orientation), width, height)


def _pixels(
    image: Image.Image, data: bytes, goal: tuple[int, int]
) -> NDArray[np.uint8]:
    try:
        if image.format == "WEBP" and image.size != goal:
            return _webp(data, goal)
        if image.format == "AVIF" and image.size != goal:
            return _avif(image, goal)
        image.load()
        return resize_image(image, goal)
    except MemoryError:
        raise
    except Exception as error:  # decoders raise whatever comes to them
        raise BadPicture(
            "broken", "The picture is damaged and cannot be read to its end."
        ) from error


def _webp(data: bytes, goal: tuple[int, int]) -> NDArray[np.uint8]:
    """By OpenCV (the first frame): Pillow would hold four copies of it at once."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError("damaged")
    order = "BGRA" if pixels.shape[2] == 4 else "BGR"
    return resize_array(np.asarray(pixels, np.uint8), goal, order=order)


def _avif(image: Image.Image, goal: tuple[int, int]) -> NDArray[np.uint8]:
    """What Pillow's decoder hands over, before Pillow would make a copy of its own."""
    frame, *_times = image._decoder.get_frame(0)  # type: ignore[attr-defined]
    pixels = np.frombuffer(frame, np.uint8).reshape(image.height, image.width, -1)
    return resize_array(pixels, goal, order=image.mode)


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError:
        raise _too_many() from None
    except (UnidentifiedImageError, OSError):
        kind = kind_of(data)
    except Exception:  # a parser that stumbles over a hostile header
        kind = "broken"
    if kind == "broken":
        raise BadPicture("broken", "The picture is damaged and cannot be opened.")
    if kind:
        raise BadPicture(
            "unsupported",
            f"{kind} is not read here. JPEG, PNG, WebP, AVIF, HEIC, GIF, BMP and TIFF "
            "are.",
        )
    raise BadPicture("not_a_picture", "The file is not a picture.")


def _check_size(width: int, height: int, most: int) -> None:
    if width < 1 or height < 1:
        raise BadPicture("broken", "The picture is damaged: it has no pixels.")
    if width * height > most:
        raise _too_many()


def _too_many() -> BadPicture:
    return BadPicture(
        "too_many_pixels",
        "The picture has too many pixels: 16 megapixels are read, "
        "100 of an ordinary JPEG.",
    )


def _fitted_size(width: int, height: int, max_side: int | None) -> tuple[int, int]:
    scale = min(1.0, math.sqrt(MAX_PIXELS / (width * height)))
    if max_side is not None:
        scale = min(scale, max_side / max(width, height))
    if scale == 1:
        return width, height
    return max(1, round(width * scale)), max(1, round(height * scale))


def _orientation(image: Image.Image) -> int:
    """EXIF's 1–8; anything unreadable or out of range counts as upright."""
    try:
        value = int(image.getexif().get(0x0112, 1))
    except Exception:  # EXIF is written by anyone and parsed by hope
        return 1
    return value if 1 <= value <= 8 else 1


def _upright(rgb: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    if orientation in {2, 5, 7, 4}:
        rgb = rgb[:, ::-1]
    quarter_turns = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0)
    return np.ascontiguousarray(np.rot90(rgb, quarter_turns))
