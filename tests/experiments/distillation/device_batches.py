"""Faces turned, shifted, mirrored, lit, hidden and mixed where the network computes.

The same changes as in ml/training/augmentation.py, whose OpenCV would keep a GPU
waiting: the dice are cast by NumPy, a few numbers a face, the pixels never leave the
device. A network sees `side` pixels of a canvas that is 48/44 as wide, the whole face.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from keras import ops

from ml.config import Config
from ml.data.arrays import SIDE, Bytes, Floats, Ints

Random = np.random.Generator


def canvas_side(side: int, config: Config) -> int:
    return round(side * SIDE / config.size)


def on_device(pixels: Bytes) -> Any:
    """uint8 [n, 48, 48, 1], once and for all."""
    return ops.convert_to_tensor(pixels[..., None], "uint8")


def batches(
    faces: Any, targets: Floats, config: Config, side: int, epoch: int, *, mixed: bool
) -> Iterator[tuple[Any, Floats]]:
    """One epoch of (faces float32 [b, side, side, 1], targets [b, 2, k]); seed and
    epoch say which."""
    random = np.random.default_rng([config.seed, epoch])
    order = random.permutation(len(targets))
    for i in range(max(1, len(order) // config.batch)):
        picked = order[i * config.batch : (i + 1) * config.batch]
        x, y = augment(taken(faces, picked), config, side, random), targets[picked]
        if mixed and config.mixup:
            share = float(random.beta(config.mixup, config.mixup))
            other = random.permutation(len(picked))
            x = share * x + (1 - share) * ops.take(x, other, axis=0)
            y = np.float32(share) * y + np.float32(1 - share) * y[other]
        yield x, y


def taken(faces: Any, rows: Ints) -> Any:
    return ops.cast(ops.take(faces, rows, axis=0), "float32")


def augment(x: Any, config: Config, side: int, random: Random) -> Any:
    """float32 [b, 48, 48, 1] -> [b, side, side, 1], a random variation of each."""
    canvas = canvas_side(side, config)
    if canvas != SIDE:
        x = ops.image.resize(x, (canvas, canvas), interpolation="bilinear")
    turns = affine(len(x), canvas, config, random)
    x = ops.image.affine_transform(x, turns, "bilinear", "reflect")
    margin = (canvas - side) // 2
    x = x[:, margin : margin + side, margin : margin + side]

    def dice(low: float, high: float) -> Floats:
        return random.uniform(low, high, (len(x), 1, 1, 1)).astype(np.float32)

    contrast, light = 1 + dice(-config.light, config.light), 255 / 2 * config.light
    x = ops.clip(x * contrast + dice(-light, light), 0, 255)
    hidden = boxes(len(x), side, config, random)
    return ops.where(hidden, dice(0, 255), x)


def affine(n: int, canvas: int, config: Config, random: Random) -> Floats:
    """Turned, zoomed, shifted and half of them mirrored about the middle: float32
    [n, 8], as `keras.ops.image.affine_transform` takes them."""
    angle = np.radians(random.uniform(-config.rotate, config.rotate, n))
    zoom = 1 + random.uniform(-config.zoom, config.zoom, n)
    flip = random.choice([-1, 1], n)
    shift = random.uniform(-config.shift, config.shift, (2, n)) * canvas / SIDE
    cos, sin, middle = np.cos(angle) * zoom, np.sin(angle) * zoom, (canvas - 1) / 2
    rows = [
        (flip * cos, -sin, middle * (1 - flip * cos + sin) + shift[0]),
        (flip * sin, cos, middle * (1 - flip * sin - cos) + shift[1]),
        (np.zeros(n), np.zeros(n)),
    ]
    return np.stack([v for row in rows for v in row], 1).astype(np.float32)


def boxes(n: int, side: int, config: Config, random: Random) -> Any:
    """Which pixels are hidden (random erasing: Zhong et al. 2020), bool
    [n, side, side, 1]."""
    edges = (random.uniform(0.15, 0.45, (2, n)) * side).astype(int)
    edges *= random.random(n) < config.erase
    starts = (random.random((2, n)) * (side - edges)).astype(int)
    place = np.arange(side)
    inside = [
        (place >= start[:, None]) & (place < (start + edge)[:, None])
        for start, edge in zip(starts, edges, strict=True)
    ]
    return (inside[0][:, :, None] & inside[1][:, None, :])[..., None]


def looks(x: Any, config: Config, side: int) -> list[Any]:
    """The two looks that are served, of float32 [b, 48, 48, 1]: the whole face, and the
    mirror image of its middle."""
    canvas = canvas_side(side, config)
    margin = (canvas - side) // 2
    whole = ops.image.resize(x, (side, side), interpolation="bilinear")
    large = ops.image.resize(x, (canvas, canvas), interpolation="bilinear")
    middle = large[:, margin : margin + side, margin : margin + side]
    return [whole, ops.flip(middle, 2)]
