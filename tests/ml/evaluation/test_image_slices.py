"""Slices of an exam by what the pictures are like."""

import cv2
import numpy as np
import pytest

from ml.artefact.figures import ImageSlice
from ml.evaluation import compare, image_slices
from ml.vision import face_crop
from ml.vision.face_crop import Box, Face
from tests.support.factories import make_face

N = 120


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    faces = [cv2.cvtColor(make_face(n, side=48), cv2.COLOR_RGB2GRAY) for n in range(N)]
    return np.stack(faces)


def masks(pixels: np.ndarray, **of) -> dict[str, np.ndarray]:
    sides = of.get("sides", np.full(len(pixels), 200))
    return image_slices.masks(pixels, sides, of.get("poses"))


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("blurred", lambda face: cv2.GaussianBlur(face, (0, 0), 3)),
        ("dark", lambda face: (face * 0.3).astype(np.uint8)),
        ("bright", lambda face: 200 + face // 5),
        ("flat", lambda face: 100 + face // 10),
    ],
)
def test_pictures_made_worse_are_told(pixels, name, make):
    worse = np.stack([make(face) for face in pixels[:40]])
    found = masks(np.concatenate([worse, pixels[40:]]))
    assert found[name][:40].all()
    assert found[name][40:].mean() < 0.5


def test_small_tilted_and_turned_faces_are_told(pixels):
    sides = np.full(N, 200)
    sides[:40] = 50
    poses = np.zeros((N, 2), np.float32)
    poses[10:50, 0], poses[60:100, 1] = -20, 0.4
    poses[100:] = np.nan
    found = masks(pixels, sides=sides, poses=poses)
    assert (found["small"] == (sides == 50)).all()
    assert (found["tilted"] == (poses[:, 0] == -20)).all()
    assert found["turned"].sum() == 40


def test_a_face_at_the_pictures_edge_is_told_by_its_reflection():
    rgb = make_face(3, side=240)
    whole = face_crop.crop(rgb, Box(40, 40, 120, 120))
    cut = face_crop.crop(rgb, Box(-40, 40, 120, 120))
    seen = [face_crop.to_network(one)[..., 0].astype(np.uint8) for one in (whole, cut)]
    assert [image_slices.is_cut_off(one) for one in seen] == [False, True]
    assert not image_slices.is_cut_off(np.full((48, 48), 90, np.uint8))


def test_a_handful_is_no_slice(pixels):
    sides = np.full(N, 200)
    sides[: image_slices.LEAST - 1] = 50
    assert "small" not in masks(pixels, sides=sides)
    assert "small" not in masks(pixels, sides=np.full(N, 50))


class Finder:
    name, knows_roll, asked = "fake", True, 0

    def find(self, rgb):
        self.asked += 1
        if self.asked == 2:
            return [Face(Box(0, 0, 20, 20), 0.9, roll=5.0)]  # in a corner
        return [Face(Box(48, 48, 144, 144), 0.9, roll=11.0, yaw=0.5)]


def test_poses_are_found_once_and_kept(pixels, tmp_path):
    finder = Finder()
    found = image_slices.poses(pixels[:3], finder, tmp_path)
    assert found[0].tolist() == [11.0, 0.5]
    assert np.isnan(found[1]).all()
    again = image_slices.poses(pixels[:3], finder, tmp_path)
    assert finder.asked == 3
    assert np.array_equal(found, again, equal_nan=True)


def test_a_slice_is_set_against_the_rest():
    right = np.array([True] * 60 + [False] * 40 + [True] * 80 + [False] * 20)
    here = np.arange(200) < 100
    found = image_slices.figures(right, {"dark": here})["dark"]
    assert isinstance(found, ImageSlice)
    assert (found.value, found.rest.value, found.n) == (0.6, 0.8, 100)
    assert found.difference.value == -0.2
    # Newcombe (1998), method 10.
    assert found.difference.low == pytest.approx(-0.3181, abs=2e-3)
    assert found.difference.high == pytest.approx(-0.0737, abs=2e-3)


def test_harm_on_one_kind_of_picture_is_vetoed():
    labels = np.zeros(400, np.int64)
    here = np.arange(400) < 60
    exam = compare.ExamData(
        hash="h",
        emotions=("angry", "sad"),
        labels=labels,
        majority=np.full(400, -1),
        refs=[str(n) for n in range(400)],
        slices=["public"] * 400,
        images={"turned": here},
    )
    good = np.tile([0.9, 0.1], (400, 1))
    worse, old = good.copy(), good.copy()
    worse[:30] = [0.1, 0.9]
    old[100:140] = [0.1, 0.9]
    report = compare.compare(
        exam, compare.Candidate("old", old), compare.Candidate("new", worse)
    )
    assert report.outcome == "rejected"
    assert [reason.name for reason in report.reasons] == ["image:turned"]
    assert "turned pictures" in report.sentence
    assert report.challenger.images["turned"].value == 0.5
