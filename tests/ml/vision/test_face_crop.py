import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ml.vision import decode, face_crop, haar, yunet
from ml.vision.detector import load_detector
from ml.vision.face_crop import Box
from tests.support import image_files
from tests.support.real_data import (
    FACE_DETECTOR,
    PHOTOS,
    needs_face_detector,
    needs_photos,
)


@pytest.fixture(scope="module")
def detector() -> yunet.YuNet:
    assert FACE_DETECTOR
    return yunet.YuNet(FACE_DETECTOR.read_bytes())


def photos() -> dict[str, int]:
    if not PHOTOS:
        return {}
    counts: dict[str, int] = json.loads((PHOTOS / "face_counts.json").read_text())
    return counts


def read(name: str) -> NDArray[np.uint8]:
    assert PHOTOS
    return decode.load((PHOTOS / name).read_bytes()).rgb


@needs_face_detector
@needs_photos
def test_yunet_counts_the_faces_right_on_21_of_the_23_photos(
    detector: yunet.YuNet,
) -> None:
    counts = photos()
    right = [name for name, n in counts.items() if len(detector.find(read(name))) == n]
    assert len(counts) == 23
    assert len(right) >= 21, set(counts) - set(right)


@needs_face_detector
@needs_photos
@pytest.mark.parametrize("name", photos())
def test_our_yunet_equals_opencvs(name: str, detector: yunet.YuNet) -> None:
    rgb = decode.fit(read(name), yunet.MAX_SIDE)
    size = rgb.shape[1], rgb.shape[0]
    theirs = cv2.FaceDetectorYN.create(
        str(FACE_DETECTOR), "", size, yunet.MIN_SCORE, yunet.MAX_OVERLAP, 5000
    ).detect(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))[1]
    ours = detector.detect(rgb)
    assert len(ours) == (0 if theirs is None else len(theirs))
    if theirs is not None:
        np.testing.assert_allclose(ours, theirs, atol=0.01)


@needs_face_detector
@needs_photos
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_has_the_boxes_of_the_upright_one(
    orientation: int, detector: yunet.YuNet
) -> None:
    upright = read("trio_outdoor.jpg")
    turned = decode.load(image_files.turned(upright, orientation))
    expected = [face.box for face in detector.find(upright)]
    assert len(expected) == 3
    np.testing.assert_allclose(
        [face.box for face in detector.find(turned.rgb)], expected, atol=0.01
    )


@needs_face_detector
@needs_photos
def test_boxes_are_in_the_pictures_own_pixels_largest_first(
    detector: yunet.YuNet,
) -> None:
    rgb = read("five_sofa.jpg")
    small = decode.resize(rgb, rgb.shape[1] // 2, rgb.shape[0] // 2)
    large_boxes = [face.box for face in detector.find(rgb)]
    small_boxes = [face.box for face in detector.find(small)]
    np.testing.assert_allclose(large_boxes, np.multiply(small_boxes, 2), atol=12)
    areas = [box.w * box.h for box in large_boxes]
    assert areas == sorted(areas, reverse=True)


@needs_face_detector
@pytest.mark.parametrize("size", [(1, 1), (1, 640), (640, 1), (33, 31), (641, 2000)])
def test_pictures_of_any_size_are_looked_at(
    size: tuple[int, int], detector: yunet.YuNet
) -> None:
    assert detector.find(np.full((*size, 3), 90, np.uint8)) == []
    assert haar.Haar().find(np.full((*size, 3), 90, np.uint8)) == []


@needs_photos
def test_haar_finds_a_single_face_and_its_crop_is_haars_square() -> None:
    (face,) = haar.Haar().find(read("obama.jpg"))
    assert face.box.w == face.box.h
    assert 0 < face.score <= 1


def test_without_a_whole_detector_file_haar_takes_over(tmp_path: Path) -> None:
    assert load_detector(None).name == "haar"
    assert load_detector(tmp_path / "missing.onnx").name == "haar"
    (tmp_path / "damaged.onnx").write_bytes(b"no model")
    assert load_detector(tmp_path / "damaged.onnx").name == "haar"


@needs_face_detector
def test_with_its_file_yunet_is_used() -> None:
    assert load_detector(FACE_DETECTOR).name == "yunet"


def test_a_crop_is_a_square_of_1_08_mean_sides_around_the_centre() -> None:
    scene = image_files.scene(400, 300)
    square = face_crop.crop(scene, Box(150, 100, 90, 110))
    assert square.shape == (108, 108, 3)
    assert np.array_equal(square, scene[101:209, 141:249])


def test_a_crop_over_the_edge_is_filled_with_its_reflection() -> None:
    scene = image_files.scene(100, 80)
    square = face_crop.crop(scene, Box(-20, -30, 50, 50))
    assert square.shape == (54, 54, 3)
    inside = face_crop.crop(
        cv2.copyMakeBorder(scene, 60, 60, 60, 60, cv2.BORDER_REFLECT_101),
        Box(40, 30, 50, 50),
    )
    assert np.array_equal(square, inside)


def test_a_crop_far_larger_than_the_picture_still_works() -> None:
    assert face_crop.crop(image_files.scene(3, 1), Box(-50, -50, 99, 99)).shape == (
        107,
        107,
        3,
    )


def test_large_crops_are_shrunk_to_256_pixels() -> None:
    assert face_crop.crop(image_files.scene(900, 900), Box(50, 50, 700, 700)).shape == (
        256,
        256,
        3,
    )


@pytest.mark.parametrize("side", [1, 20, 48, 256])
def test_the_network_gets_48_pixels_of_whole_greys(side: int) -> None:
    face = face_crop.to_network(image_files.scene(side, side))
    assert face.shape == (48, 48, 1)
    assert face.dtype == np.float32
    assert np.array_equal(face, np.rint(face))
    assert face.min() >= 0
    assert face.max() <= 255


def test_a_grey_face_of_48_pixels_goes_in_as_it_is() -> None:
    grey = image_files.scene(48, 48)[:, :, 0]
    assert np.array_equal(face_crop.to_network(grey)[..., 0], grey)
