import numpy as np
import pytest
from numpy.typing import NDArray

from ml.vision import decode, near_duplicates
from ml.vision.near_duplicates import SignatureIndex, signature
from tests.support import factories

Rgb = NDArray[np.uint8]


@pytest.fixture(scope="module")
def known() -> SignatureIndex:
    return SignatureIndex([signature(factories.make_face(seed)) for seed in range(60)])


def mirrored(face: Rgb) -> Rgb:
    return np.ascontiguousarray(face[:, ::-1])


def recompressed(face: Rgb) -> Rgb:
    return decode.decode(decode.encode_jpeg(face, quality=40))


def recropped(face: Rgb) -> Rgb:
    return decode.resize(np.ascontiguousarray(face[10:118, 16:124]), 96, 96)


def darkened(face: Rgb) -> Rgb:
    return (face * 0.7 + 10).astype(np.uint8)


@pytest.mark.parametrize("change", [mirrored, recompressed, recropped, darkened])
def test_a_changed_copy_is_found_and_named(
    known: SignatureIndex, change: object
) -> None:
    assert callable(change)
    found = [
        [
            match.position
            for match in known.find(signature(change(factories.make_face(seed))))
        ]
        for seed in range(20)
    ]
    assert sum(places == [seed] for seed, places in enumerate(found)) >= 19


def test_all_changes_at_once_are_found_too(known: SignatureIndex) -> None:
    copy = recompressed(darkened(recropped(mirrored(factories.make_face(5)))))
    assert known.find(signature(copy))[0].position == 5


def test_another_face_is_not_found(known: SignatureIndex) -> None:
    strangers = [signature(factories.make_face(seed)) for seed in range(1000, 1040)]
    assert [match for face in strangers for match in known.find(face)] == []


def test_among_nothing_nothing_is_found() -> None:
    assert SignatureIndex([]).find(signature(factories.make_face(1))) == []


def test_a_blank_face_is_nobodys_copy(known: SignatureIndex) -> None:
    blank = np.full((48, 48), 128, np.uint8)
    assert known.find(signature(blank)) == []
    assert (
        SignatureIndex([signature(blank)]).find(signature(factories.make_face(1))) == []
    )


def test_a_signature_is_a_kilobyte_whatever_the_crop() -> None:
    for side in (1, 32, 48, 200):
        assert len(signature(factories.make_face(3, side=side))) == 1024


def test_the_threshold_is_the_one_that_was_measured() -> None:
    assert near_duplicates.SAME == 0.93


def test_the_coarse_frames_are_near_enough_to_every_copy(known: SignatureIndex) -> None:
    """Whoever looks for the nearest to each finds what `find` does."""
    vectors = near_duplicates.low_frequencies(
        [signature(factories.make_face(seed)) for seed in range(60)]
    )
    for seed in range(10):
        copy = signature(recompressed(recropped(mirrored(factories.make_face(seed)))))
        frames = near_duplicates.framed(copy)
        assert frames.shape == (378, near_duplicates.NUMBERS)
        assert known.find(copy)[0].position in {
            *(frames @ vectors.T).max(axis=0).argsort()[-3:]
        }
