"""Near-duplicates: one picture of a face, re-compressed, mirrored or re-cropped.

A signature is the face at 32×32 greys. Two are compared in two steps. The first looks
at low frequencies of the middle of every known face (44 numbers, one matrix product)
for each of 1,458 ways to frame the query: nine scales, 81 shifts, mirrored or not.
The twenty likeliest are then aligned to a fraction of a pixel (ECC, affine) and
correlated after a band-pass, where two pictures, even of one person, agree far less
than two copies of one picture do.

Where the known faces are too many to look at each, a database has an index over their
low frequencies (`low_frequencies`) and is asked for those nearest to a fourth of the
frames (`framed`); both steps then look at these alone.

docs/duplicates.md holds how well that works, and how it was measured.
"""

import functools
import itertools
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.vision.decode import resize
from ml.vision.face_crop import to_network

Floats = NDArray[np.float32]

SIDE = 32  # of a signature
# Correlation from which two faces count as one picture. Chosen on FER-2013: 98 % and
# more of the copies lie above, and about one in a thousand of the faces that are none.
SAME = 0.93
CANDIDATES = 20  # that are aligned
MIN_AGREEMENT = 0.7  # agreement of the low frequencies

# How much of a known face's side is compared, and of the query's: a copy that was
# cropped to 80 % shows the same part at .6/.8 of its own side.
KNOWN_PART = 0.6
PARTS = tuple(0.5 * 1.08**step for step in range(9))
SHIFTS = tuple(np.linspace(-0.16, 0.16, 9))  # of the side; the steps are 2 px of 48
GRID = 16  # the parts are sampled at 16×16 …
HIGHEST = 7  # … and kept up to this spatial frequency: 44 numbers
MIN_OVERLAP = 0.3  # of the known face must be seen in the query


class Alignment(NamedTuple):
    where: Floats  # [2, 3], from a known face's pixels to the query's, at SIDE×SIDE
    is_mirrored: bool  # then the query is mirrored first


class Match(NamedTuple):
    position: int  # in the order of the known signatures
    score: float  # -1 to 1; SAME and above: the same picture
    alignment: Alignment


class _Frame(NamedTuple):
    part: float
    dx: float
    dy: float


_STEPS = tuple(
    itertools.product(range(len(PARTS)), range(len(SHIFTS)), range(len(SHIFTS)))
)
FRAMES = tuple(_Frame(PARTS[p], SHIFTS[x], SHIFTS[y]) for p, y, x in _STEPS)
# Those whose steps are all even or all odd: of so many, they leave the least gaps.
COARSE_FRAMES = tuple(
    frame
    for frame, steps in zip(FRAMES, _STEPS, strict=True)
    if len({step % 2 for step in steps}) == 1
)
NUMBERS = 44  # that describe a part


def signature(face: NDArray[np.uint8]) -> bytes:
    """1,024 bytes for a crop uint8 [s, s, 3] or grey [s, s] of any side."""
    grey = to_network(face)[..., 0].astype(np.uint8)
    return resize(grey, SIDE, SIDE).tobytes()


def low_frequencies(signatures: Sequence[bytes]) -> Floats:
    """What known faces are found by: float32 [n, 44], each of length 1."""
    return _low_frequencies(_patches(signatures))


def framed(query: bytes) -> Floats:
    """The same of a query in its coarse frames: float32 [378, 44]."""
    return _framed(_patch(query), COARSE_FRAMES)


class SignatureIndex:
    """Signatures to search in: all test faces, or all contributions. 1.2 KB each."""

    def __init__(self, signatures: Sequence[bytes]) -> None:
        self._patches = _patches(signatures)
        self._low = _low_frequencies(self._patches)

    def __len__(self) -> int:
        return len(self._patches)

    def find(
        self, query: bytes, *, min_score: float = SAME, most: int = CANDIDATES
    ) -> list[Match]:
        """The known faces that are the same picture, most alike first; the `most`
        likeliest are looked at."""
        matches = []
        for index, frame, is_mirrored in self._candidates(_patch(query), most):
            known = self._patches[index]
            score, where = _aligned(_patch(query), known, frame, is_mirrored)
            if score >= min_score:
                matches.append(Match(index, score, Alignment(where, is_mirrored)))
        return sorted(matches, key=lambda match: -match.score)

    def _candidates(
        self, query: NDArray[np.uint8], most: int
    ) -> list[tuple[int, _Frame, bool]]:
        """Candidates with the frame in which they agree best."""
        if not len(self):
            return []
        agreement = _framed(query, FRAMES) @ self._low.T
        best = agreement.max(axis=0)
        order = np.argsort(-best)[:most]
        found = []
        for index in order[best[order] >= MIN_AGREEMENT]:
            number = int(agreement[:, index].argmax())
            is_mirrored = number >= len(FRAMES)
            found.append((int(index), FRAMES[number % len(FRAMES)], is_mirrored))
        return found


def _patches(signatures: Sequence[bytes]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(signatures), np.uint8).reshape(-1, SIDE, SIDE)


def _low_frequencies(patches: NDArray[np.uint8]) -> Floats:
    flat = patches.reshape(-1, SIDE * SIDE).astype(np.float32)
    return _unit(flat @ _middle_spectrum())


def _framed(patch: NDArray[np.uint8], frames: Sequence[_Frame]) -> Floats:
    """Each frame as it is, then each mirrored."""
    sampled = _sampled(patch, frames)
    return _unit(_spectrum(np.concatenate([sampled, sampled[:, :, ::-1]])))


def _patch(query: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(query, np.uint8).reshape(SIDE, SIDE)


def _sampled(patch: NDArray[np.uint8] | Floats, frames: Sequence[_Frame]) -> Floats:
    """Each frame of a patch at GRID×GRID, float32 [frames, GRID, GRID]."""
    out = np.empty((len(frames), GRID, GRID), np.float32)
    blurred: dict[float, Floats] = {}
    middle = (SIDE - 1) / 2
    for index, frame in enumerate(frames):
        step = SIDE * frame.part / GRID
        if frame.part not in blurred:  # so that sampling skips nothing
            blurred[frame.part] = _blur(patch.astype(np.float32), max(0.3, 0.45 * step))
        left = middle + frame.dx * SIDE - step * (GRID - 1) / 2
        top = middle + frame.dy * SIDE - step * (GRID - 1) / 2
        where = np.array([[step, 0, left], [0, step, top]], np.float32)
        out[index] = _warp(blurred[frame.part], where, GRID, cv2.BORDER_REFLECT_101)
    return out


@functools.cache
def _basis() -> tuple[Floats, Floats, tuple[NDArray[np.int_], ...]]:
    """The cosine transform, the weights of what is kept of it, and its places."""
    frequency, sample = np.mgrid[0:GRID, 0:GRID]
    cosines = np.cos(np.pi * (sample + 0.5) * frequency / GRID).astype(np.float32)
    cosines[0] /= np.sqrt(2)
    radius = np.hypot(*np.mgrid[0:GRID, 0:GRID])
    kept = np.nonzero((radius > 0) & (radius <= HIGHEST))
    # Pictures have less of a frequency the higher it is: this makes them count alike.
    return cosines, radius[kept].astype(np.float32), kept


def _spectrum(sampled: Floats) -> Floats:
    """float32 [n, 44]"""
    cosines, weights, (rows, columns) = _basis()
    spectrum = (cosines @ sampled @ cosines.T)[:, rows, columns] * weights
    return np.asarray(spectrum, np.float32)


@functools.cache
def _middle_spectrum() -> Floats:
    """The way from a patch to the spectrum of its middle is linear: float32 [1024, 44].

    So a product of matrices takes thousands of patches at once. Its rows are what
    single bright pixels give.
    """
    pixels = np.eye(SIDE * SIDE, dtype=np.float32).reshape(-1, SIDE, SIDE)
    middle = [_Frame(KNOWN_PART, 0, 0)]
    return np.concatenate([_spectrum(_sampled(pixel, middle)) for pixel in pixels])


def _unit(spectrum: Floats) -> Floats:
    """Of length 1, so that a product of two is their agreement."""
    length = np.linalg.norm(spectrum, axis=1, keepdims=True)
    unit: Floats = spectrum / np.maximum(length, 1e-6)
    return unit


def _aligned(
    query: NDArray[np.uint8],
    known: NDArray[np.uint8],
    frame: _Frame,
    is_mirrored: bool,
) -> tuple[float, Floats]:
    """Correlation where both are seen, aligned as well as can be; and the alignment."""
    dx = -frame.dx if is_mirrored else frame.dx
    scale = frame.part / KNOWN_PART
    middle = (SIDE - 1) / 2
    offset = middle * (1 - scale)
    where = np.array(
        [[scale, 0, offset + dx * SIDE], [0, scale, offset + frame.dy * SIDE]],
        np.float32,
    )
    theirs = _band_pass(known)
    ours = _band_pass(query[:, ::-1] if is_mirrored else query)
    edge = SIDE // 8  # of the known face; what the query shows of it may end here
    inner = np.ascontiguousarray(theirs[edge:-edge, edge:-edge])
    where[:, 2] += where[:, :2] @ (edge, edge)
    everywhere = np.full((SIDE, SIDE), 255, np.uint8)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 1e-3)
    try:
        _score, found = cv2.findTransformECC(
            inner, ours, where, cv2.MOTION_AFFINE, stop, everywhere, 1
        )
    except cv2.error:  # it did not converge: they have nothing in common
        return -1.0, where
    where = np.asarray(found, np.float32)
    where[:, 2] -= where[:, :2] @ (edge, edge)
    warped = _warp(ours, where, SIDE, cv2.BORDER_CONSTANT, np.inf)
    return _correlation(theirs, warped), where


def _correlation(theirs: Floats, warped: Floats) -> float:
    seen = np.isfinite(warped)
    border = 2  # the band-pass knows too little there
    seen[:border] = seen[-border:] = seen[:, :border] = seen[:, -border:] = False
    if seen.mean() < MIN_OVERLAP:
        return -1.0
    a, b = theirs[seen] - theirs[seen].mean(), warped[seen] - warped[seen].mean()
    return float(a @ b / max(1e-6, float(np.linalg.norm(a) * np.linalg.norm(b))))


def _band_pass(patch: NDArray[np.uint8]) -> Floats:
    """Without the finest detail (compression) and without slopes of light."""
    values = patch.astype(np.float32)
    return _blur(values, SIDE / 48) - _blur(values, SIDE / 6)


def _blur(values: Floats, sigma: float) -> Floats:
    return np.asarray(
        cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101),
        np.float32,
    )


def _warp(
    values: Floats, where: Floats, side: int, border: int, beyond: float = 0
) -> Floats:
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(
            values,
            where,
            (side, side),
            flags=how,
            borderMode=border,
            borderValue=beyond,
        ),
        np.float32,
    )
