"""Faces made worse as cameras and services make them: badly lit, blurred, shrunk,
noisy, coarsely compressed.

FER-2013's faces are clean and evenly lit; a network that saw no others loses up to
twenty points where they are not (docs/champion.md has the table).
"""

from collections.abc import Callable

import cv2
import numpy as np

from ml.data.arrays import Bytes, Floats

Random = np.random.Generator
JPEG_BLOCK = 8  # pixels


def degrade_face(face: Floats, random: Random) -> Floats:
    """float32 [s, s] of greys 0 to 255 -> the same, with one or two kinds of damage at
    random strengths, in the order in which a camera does them."""
    picked = random.permutation(len(DAMAGES))[: random.integers(1, 3)]
    for number in sorted(picked):
        face = np.clip(DAMAGES[number](face, random), 0, 255).astype(np.float32)
    return face


def badly_lit(face: Floats, random: Random) -> Floats:
    """Little contrast or much, then too much light or too little: what it carries
    beyond white or black is lost."""
    contrast = np.exp(random.uniform(-0.5, 0.5))
    more = random.uniform(20, 110) if random.random() < 0.6 else random.uniform(-70, 0)
    return np.asarray(face * contrast + more)


def blurred(face: Floats, random: Random) -> Floats:
    """Out of focus, by .5 to 1.5 pixels."""
    return np.asarray(cv2.GaussianBlur(face, (0, 0), random.uniform(0.5, 1.5)))


def shrunk(face: Floats, random: Random) -> Floats:
    """A small face enlarged: 20 to 40 pixels of FER-2013's 48 are left."""
    side = round(len(face) * random.uniform(20, 40) / 48)
    small = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
    smooth = cv2.INTER_CUBIC if random.random() < 0.5 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(small, face.shape, interpolation=smooth))


def noisy(face: Floats, random: Random) -> Floats:
    """A sensor's noise in poor light: normal, of 3 to 16 greys."""
    noise = random.standard_normal(face.shape, np.float32)
    return np.asarray(face + random.uniform(3, 16) * noise)


def coarse_jpeg(face: Floats, random: Random) -> Floats:
    """JPEG of quality 10 to 60, whose blocks begin anywhere."""
    top, left = random.integers(0, JPEG_BLOCK, 2)
    framed = cv2.copyMakeBorder(
        np.rint(face).astype(np.uint8), top, 0, left, 0, cv2.BORDER_REFLECT_101
    )
    quality = int(random.integers(10, 61))
    _ok, data = cv2.imencode(".jpg", framed, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE))
    return decoded[top:, left:]


Damage = Callable[[Floats, Random], Floats | Bytes]
DAMAGES: tuple[Damage, ...] = (badly_lit, blurred, shrunk, noisy, coarse_jpeg)
