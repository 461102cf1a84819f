"""Extra labelled folders: any pictures, through the detector and crop of the site."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from ml.config import Config
from ml.data import labelled_folders
from ml.data.arrays import BadData
from ml.training import pipeline
from ml.vision.haar import Haar
from tests.support import training_data
from tests.support.real_data import PHOTOS, needs_photos

EMOTIONS = Config().emotions


@pytest.fixture
def extra(tmp_path: Path) -> Path:
    """A face that is found, a picture without one, and a file that is no picture."""
    assert PHOTOS is not None
    folder = tmp_path / "own"
    (folder / "Happiness").mkdir(parents=True)
    (folder / "sad").mkdir()
    shutil.copy(PHOTOS / "obama.jpg", folder / "Happiness")
    cv2.imwrite(str(folder / "sad" / "wall.png"), np.full((90, 120), 130, np.uint8))
    (folder / "sad" / "torn.jpg").write_bytes(b"no picture")
    return folder


@needs_photos
def test_faces_are_found_cut_and_labelled(extra: Path) -> None:
    found = labelled_folders.read_faces(extra, EMOTIONS, Haar())
    assert len(found.rows) == 1
    assert found.left_out == {"no_face": 1, "not_a_picture": 1}
    assert found.rows.pixels.shape == (1, 48, 48)
    assert found.rows.labels.tolist() == [3]
    assert found.rows.index.tolist() == [-1], "its face never stands in a report"


@needs_photos
def test_extra_faces_join_the_training_and_are_counted(
    extra: Path, tmp_path: Path
) -> None:
    csv = training_data.fer2013(tmp_path / "fer2013.csv", train=140)
    sources = pipeline.Sources(csv, extra=(extra,), validation=(extra,))
    gathered = pipeline.load_data(sources, Config())
    assert gathered.facts["extra"]["own"] == {
        "rows": 1,
        "without_face": 1,
        "broken": 0,
        "left_out": {"no_face": 1, "not_a_picture": 1},
    }
    assert int((gathered.train.index == -1).sum()) == 1
    assert len(gathered.validation["own"]) == 1


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own" / "happy").mkdir(parents=True)
    with pytest.raises(BadData, match="no pictures in folders named by emotion"):
        labelled_folders.read_faces(tmp_path / "own", EMOTIONS, Haar())
    with pytest.raises(BadData, match="there is no folder"):
        labelled_folders.read_faces(tmp_path / "other", EMOTIONS, Haar())


def test_a_grey_wall_is_no_face() -> None:
    wall = np.full((2, 48, 48), 120, np.uint8)
    assert labelled_folders.undetected(wall, Haar()).all()


def test_three_classes_in_folders_make_a_network_of_three(tmp_path: Path) -> None:
    for part in ("train", "validation"):
        for i, emotion in enumerate(("happy", "sad", "angry")):
            folder = tmp_path / "images" / part / emotion
            folder.mkdir(parents=True)
            cv2.imwrite(str(folder / "a.png"), np.full((48, 48), 60 * i, np.uint8))
    sources = pipeline.Sources(tmp_path)
    config = pipeline.with_known_emotions(sources, Config())
    assert config.emotions == ("angry", "happy", "sad")
    with pytest.raises(BadData, match="no faces for fear"):
        pipeline.with_known_emotions(sources, Config(emotions=("happy", "fear")))
