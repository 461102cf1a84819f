"""Faces of every size and turn, on drawn people whose place is known."""

from typing import Any

import cv2
import numpy as np
import pytest

from ml.vision import decode, face_crop, pipeline
from ml.vision.detector import Detector, load_detector
from ml.vision.face_crop import Box, Face
from ml.vision.haar import Haar
from tests.support.drawn_people import portrait
from tests.support.factories import make_face
from tests.support.real_data import FACE_DETECTOR, needs_face_detector


@pytest.fixture(scope="module")
def yunet() -> Detector:
    return load_detector(FACE_DETECTOR)


@pytest.fixture(scope="module")
def person() -> Any:
    return portrait("neutral", width=800, height=800)


def turned(rgb: Any, degrees: float) -> Any:
    """Clockwise, on a grey ground that has room for it."""
    side = int(1.5 * max(rgb.shape[:2]))
    height, width = rgb.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    turn[:, 2] += side / 2 - width / 2, side / 2 - height / 2
    return cv2.warpAffine(rgb, turn, (side, side), borderValue=(128, 128, 128))


def difference(a: Any, b: Any) -> float:
    """Mean of the grey levels' difference, as a network would see the two crops."""
    return float(np.abs(face_crop.to_network(a) - face_crop.to_network(b)).mean())


@needs_face_detector
def test_of_upright_faces_it_says_what_one_look_says(
    yunet: Detector, person: Any
) -> None:
    assert pipeline.find_faces(person, yunet) == yunet.find(person)
    group = portrait("happy", "sad", "angry")
    found = pipeline.find_faces(group, yunet)
    assert [face.box for face in found] == [face.box for face in yunet.find(group)]


@needs_face_detector
@pytest.mark.parametrize("share", [0.9, 1.0, 1.1, 1.4])
def test_a_face_that_fills_the_frame_is_found(
    share: float, yunet: Detector, person: Any
) -> None:
    [face] = yunet.find(person)
    x, y, w, h = face.box
    side = max(w, h) / share
    left, top = round(x + (w - side) / 2), round(y + (h - side) / 2)
    part = person[top : top + round(side), left : left + round(side)]
    [found] = pipeline.find_faces(part, yunet)
    assert abs(found.box.x + left - x) < 0.12 * w
    assert abs(found.box.w - w) < 0.2 * w


@needs_face_detector
def test_small_faces_of_a_large_picture_are_found(yunet: Detector, person: Any) -> None:
    [face] = yunet.find(person)
    small = decode.resize(person, *[round(800 * 32 / face.box.h)] * 2)
    side = len(small)
    scene = np.full((1440, 1920, 3), 150, np.uint8)
    # Some of them lie where two tiles meet.
    places = [(40, 30), (600, 500), (560, 980), (1300, 1000), (1750, 60)]
    for left, top in places:
        scene[top : top + side, left : left + side] = small
    assert len(yunet.find(scene)) < len(places)
    found = pipeline.find_faces(scene, yunet)
    assert len(found) == len(places)
    for left, top in places:
        assert any(
            left < f.box.x and f.box.x + f.box.w < left + side and f.box.y > top
            for f in found
        )


@needs_face_detector
@pytest.mark.parametrize("degrees", [30, 45, 90, 135, 180, 225, 270, 330])
def test_a_turned_face_is_cut_out_upright(
    degrees: int, yunet: Detector, person: Any
) -> None:
    [upright] = pipeline.find_faces(person, yunet)
    rgb = turned(person, degrees)
    [face] = pipeline.find_faces(rgb, yunet)
    off = (face.roll - degrees + 180) % 360 - 180
    assert abs(off) < 25
    goal = face_crop.cut_out(person, upright)
    kept = difference(face_crop.cut_out(rgb, face), goal)
    assert kept < 26
    if 45 <= degrees <= 315:
        assert difference(face_crop.crop(rgb, face.box), goal) > kept + 5


@needs_face_detector
def test_where_no_face_is_none_is_found(yunet: Detector) -> None:
    dice = np.random.default_rng(3)
    noise = dice.integers(0, 255, (300, 400, 3), np.uint8)
    room = cv2.GaussianBlur(noise, (0, 0), 9)
    for rgb in (noise, room, cv2.resize(room, (1600, 1200)), room[:40, :40]):
        assert pipeline.find_faces(rgb, yunet) == []


def test_without_yunet_sizes_are_searched_as_well() -> None:
    face = make_face(29, side=256)
    scene = np.full((480, 640, 3), (196, 190, 180), np.uint8)
    scene[112:368, 192:448] = face
    assert len(pipeline.find_faces(scene, Haar())) == 1
    assert pipeline.find_faces(np.full((900, 1200, 3), 99, np.uint8), Haar()) == []


def test_a_crop_is_turned_back_about_the_faces_middle() -> None:
    rgb = cv2.GaussianBlur(
        np.random.default_rng(0).integers(0, 255, (300, 300, 3), np.uint8), (0, 0), 5
    )
    box = Box(110, 110, 80, 80)
    for degrees in (25, 90, 180, -120):
        lying = turned(rgb, degrees)
        corner = (len(lying) - 80) / 2
        crop = face_crop.crop(lying, Box(corner, corner, 80, 80), roll=degrees)
        assert difference(crop, face_crop.crop(rgb, box)) < 3
    corner_crop = face_crop.crop(rgb, Box(-30, -30, 80, 80), roll=45)
    assert corner_crop.shape == (86, 86, 3)
    large = face_crop.crop(
        np.zeros((1500, 1500, 3), np.uint8), Box(0, 0, 1400, 1400), roll=9
    )
    assert large.shape == (256, 256, 3)


def test_what_cannot_be_read_is_named() -> None:
    crop = make_face(3, side=128)
    face = Face(Box(0, 0, 128, 128), 0.9)
    assert face_crop.doubt(face, crop) is None
    away = Face(face.box, 0.9, yaw=-0.9)
    assert face_crop.doubt(away, crop) == "looks_away"
    assert face_crop.doubt(face, decode.resize(crop, 16, 16)) == "too_small"
    assert face_crop.doubt(face, crop // 40) == "too_dark"
    assert face_crop.doubt(face, cv2.GaussianBlur(crop, (0, 0), 9)) == "blurred"
