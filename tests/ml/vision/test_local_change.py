import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.vision import decode
from ml.vision.local_change import CHANGED, local_change
from ml.vision.near_duplicates import SAME, SignatureIndex, signature
from tests.support.drawn_people import SITTING, close_up

Rgb = NDArray[np.uint8]


def change(query: Rgb, known: Rgb) -> float:
    """Of two that are alike as a whole, whatever they show."""
    (match,) = SignatureIndex([signature(known)]).find(signature(query))
    assert match.score >= SAME
    return local_change(query, known, match.alignment)


@pytest.mark.parametrize(("one", "other"), [*itertools.combinations(SITTING, 2)])
def test_another_expression_is_a_change(one: str, other: str) -> None:
    a, b = close_up(SITTING[one], seed=1), close_up(SITTING[other], seed=2)
    assert change(a, b) > CHANGED
    assert change(np.ascontiguousarray(a[:, ::-1]), b) > CHANGED


@pytest.mark.parametrize("name", SITTING)
def test_a_copy_is_none(name: str) -> None:
    face = close_up(SITTING[name])
    copies = [
        np.ascontiguousarray(face[:, ::-1]),
        decode.decode(decode.encode_jpeg(face, quality=40)),
        np.ascontiguousarray(face[12:-8, 6:-14]),
        decode.resize(face, 64, 64),
        (face * 0.7 + 10).astype(np.uint8),
        close_up(SITTING[name], seed=5),  # noise alone
    ]
    assert max(change(copy, face) for copy in copies) < CHANGED


def test_what_cannot_be_laid_over_one_another_has_changed() -> None:
    face = close_up(SITTING["happy"])
    blank = np.full_like(face, 128)
    (match,) = SignatureIndex([signature(face)]).find(signature(face))
    assert local_change(face, blank, match.alignment) == np.inf
