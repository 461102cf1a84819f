"""Training batches: faces turned, shifted, flipped, lit, degraded and partly hidden.

A thread of its own keeps a few batches ahead of the network; OpenCV lets go of the
interpreter meanwhile.
"""

import queue
import threading
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from ml.config import Config
from ml.data.arrays import SIDE, Bytes, Floats, Rows
from ml.training.degradation import degrade_face

Random = np.random.Generator
Batch = tuple[Floats, Floats, Floats]


def augment_face(pixels: Bytes | Floats, config: Config, random: Random) -> Floats:
    """uint8 [48, 48] -> float32 [size, size], one random variation."""
    is_degraded = bool(config.degrade) and random.random() < config.degrade
    is_degraded_first = is_degraded and random.random() < 0.5  # before it is cut out
    if is_degraded_first:
        pixels = degrade_face(pixels.astype(np.float32), random)
    angle = random.uniform(-config.rotate, config.rotate)
    scale = 1 + random.uniform(-config.zoom, config.zoom)
    centre = (SIDE - 1) / 2
    matrix = np.asarray(
        cv2.getRotationMatrix2D((centre, centre), angle, scale), np.float64
    )
    matrix[:, 2] += random.uniform(-config.shift, config.shift, 2)
    matrix[:, 2] += (config.size - SIDE) / 2
    if random.random() < 0.5:  # mirrored
        matrix[:, 2] += matrix[:, 0] * (SIDE - 1)
        matrix[:, 0] *= -1
    out = cv2.warpAffine(
        pixels,
        matrix,
        (config.size, config.size),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    ).astype(np.float32)
    if config.light:
        contrast = 1 + random.uniform(-config.light, config.light)
        brightness = 255 * random.uniform(-config.light, config.light) / 2
        np.clip(out * contrast + brightness, 0, 255, out=out)
    if is_degraded and not is_degraded_first:
        out = degrade_face(out, random)
    if random.random() < config.erase:
        height, width = (random.uniform(0.15, 0.45, 2) * config.size).astype(int)
        top = random.integers(0, config.size - height)
        left = random.integers(0, config.size - width)
        out[top : top + height, left : left + width] = random.uniform(0, 255)
    return out


def batches(
    rows: Rows,
    targets: Floats,
    config: Config,
    epoch: int,
    *,
    with_mixup: bool,
) -> Iterator[Batch]:
    """One epoch of (faces [b, s, s, 1], targets [b, heads, k], weights [b]). The same
    seed and epoch give the same batches, so a resumed run goes on as it would have."""
    random = np.random.default_rng([config.seed, epoch])
    order = random.permutation(len(rows))
    # A last, smaller batch would make TensorFlow trace its step again each epoch.
    count = max(1, len(rows) // config.batch)
    for i in range(count):
        picked = order[i * config.batch : (i + 1) * config.batch]
        x = np.stack([augment_face(rows.pixels[j], config, random) for j in picked])[
            ..., None
        ]
        y, w = targets[picked], rows.weights[picked]
        if with_mixup and random.random() < config.cutmix:
            x, y, w = cutmix(x, y, w, random)
        elif with_mixup and config.mixup:
            share = np.float32(random.beta(config.mixup, config.mixup))
            x, y, w = mixup(x, y, w, random.permutation(len(x)), share)
        yield x, y, w


def mixup(x: Floats, y: Floats, w: Floats, other: Any, share: np.float32) -> Batch:
    """Mixup (Zhang et al. 2018): `share` of each face, target and weight, the rest from
    the batch in the order `other`, int64 [b]."""
    x, y, w = (share * v + (1 - share) * v[other] for v in (x, y, w))
    return x, y, w


def cutmix(x: Floats, y: Floats, w: Floats, random: Random) -> Batch:
    """CutMix (Yun et al. 2019): a box of each face from another; targets by area."""
    side, other = x.shape[1], random.permutation(len(x))
    edge = round(side * float(np.sqrt(random.uniform(0, 0.5))))
    top, left = random.integers(0, side - edge + 1, 2)
    box = np.s_[:, top : top + edge, left : left + edge]
    mixed = x.copy()
    mixed[box] = x[other][box]
    share = np.float32(1 - edge**2 / side**2)
    _x, y, w = mixup(x, y, w, other, share)
    return mixed, y, w


def prefetch(source: Iterator[Batch], depth: int = 6) -> Iterator[Batch]:
    """The same batches, made in a thread up to `depth` ahead of their use. Raises what
    `source` raises."""
    ready: queue.Queue[Batch | BaseException | None] = queue.Queue(depth)
    stop = threading.Event()

    def produce() -> None:
        end: BaseException | None = None
        try:
            for batch in source:
                while not stop.is_set():
                    try:
                        ready.put(batch, timeout=0.2)
                        break
                    except queue.Full:
                        continue
                if stop.is_set():
                    return
        except BaseException as error:
            end = error
        ready.put(end)

    thread = threading.Thread(target=produce, daemon=True, name="batches")
    thread.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()


def smooth_labels(targets: Floats, amount: float) -> Floats:
    """Label smoothing (Szegedy et al. 2016): `amount` of the weight of float32 targets
    [n, k] spread over all classes alike."""
    spread = targets * (1 - amount) + amount / targets.shape[-1]
    return np.asarray(spread, np.float32)
