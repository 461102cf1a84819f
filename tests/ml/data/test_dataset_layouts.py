"""Labels of well-known data sets: each numbers the expressions in its own order."""

import io
import os
from pathlib import Path

import numpy as np
import pytest

from ml.data import labelled_folders
from ml.data.arrays import BadData
from ml.data.labelled_folders import Survey
from ml.emotions import EMOTIONS
from tests.support.factories import make_face_jpeg


def put(root: Path, *paths: str) -> Path:
    """A picture at each place, all different."""
    for number, path in enumerate(paths):
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(make_face_jpeg(number))
    return root


def look(root: Path, layout: str | None = None, labels: str = "") -> Survey:
    labelling = labelled_folders.labelling_of(layout, labels, False)
    return labelled_folders.survey(root, labelling)


def labels_of(found: Survey) -> dict[str, str]:
    return {picture.file.name: picture.emotion for picture in found.pictures}


@pytest.mark.parametrize(
    ("layout", "first", "words"),
    [
        ("fer2013", 0, EMOTIONS),
        (
            "rafdb",
            1,
            ("surprise", "fear", "disgust", "happy", "sad", "angry", "neutral"),
        ),
        (
            "affectnet",
            0,
            ("neutral", "happy", "sad", "surprise", "fear", "disgust", "angry"),
        ),
    ],
)
def test_numbered_folders_mean_what_the_set_says(
    layout: str, first: int, words: tuple[str, ...], tmp_path: Path
) -> None:
    numbers = range(first, first + 7)
    put(tmp_path, *(f"DATA/train/{n}/{n}.jpg" for n in numbers))
    assert labels_of(look(tmp_path, layout)) == {
        f"{n}.jpg": word for n, word in zip(numbers, words, strict=True)
    }
    with pytest.raises(BadData, match=r"bare numbers say no expression.*rafdb"):
        look(tmp_path)


def test_of_affectnet_contempt_is_left_out_and_counted(tmp_path: Path) -> None:
    found = look(put(tmp_path, "train/1/a.jpg", "train/7/b.jpg"), "affectnet")
    assert (labels_of(found), found.reasons()) == (
        {"a.jpg": "happy"},
        {"other_expression": 1},
    )


def test_affectnets_tables_are_read(tmp_path: Path) -> None:
    put(tmp_path, "Manually_Annotated_Images/12/a.jpg", "train/images/77.jpg")
    (tmp_path / "training.csv").write_text(
        "subDirectory_filePath,face_x,expression\n12/a.jpg,0,6\n99/gone.jpg,0,9\n"
    )
    raw = io.BytesIO()
    np.save(raw, np.array("3"))
    (tmp_path / "train" / "annotations").mkdir()
    (tmp_path / "train" / "annotations" / "77_exp.npy").write_bytes(raw.getvalue())
    assert labels_of(look(tmp_path, "affectnet")) == {
        "a.jpg": "angry",
        "77.jpg": "surprise",
    }


def test_rafdbs_list_is_read(tmp_path: Path) -> None:
    put(
        tmp_path, "Image/aligned/train_00001_aligned.jpg", "Image/aligned/test_0002.jpg"
    )
    (tmp_path / "EmoLabel").mkdir()
    table = tmp_path / "EmoLabel" / "list_patition_label.txt"
    table.write_text("train_00001.jpg 5\ntest_0002.jpg 4\n")
    found = look(tmp_path, "rafdb")
    assert list(labels_of(found).values()) == ["happy", "sad"]
    table.write_text("train_00001.jpg 9\n")
    with pytest.raises(BadData, match="line 1: '9' is no number of an expression"):
        look(tmp_path, "rafdb")


def test_of_ckplus_only_the_frames_that_are_labelled_count(tmp_path: Path) -> None:
    put(
        tmp_path,
        "cohn-kanade-images/S005/001/S005_001_00000001.png",
        "cohn-kanade-images/S005/001/S005_001_00000011.png",
    )
    label = tmp_path / "Emotion" / "S005" / "001" / "S005_001_00000011_emotion.txt"
    label.parent.mkdir(parents=True)
    label.write_text("   3.0000000e+00\n")
    found = look(tmp_path, "ckplus")
    assert labels_of(found) == {"S005_001_00000011.png": "disgust"}
    assert found.reasons() == {"no_label": 1, "no_picture": 1}


def test_jaffe_says_it_in_the_names_of_its_files(tmp_path: Path) -> None:
    names = ("KA.AN1.39.tiff", "KA.SU3.38.tiff", "YM.NE1.49.tiff", "KA.XX1.1.tiff")
    found = look(put(tmp_path, *names), "jaffe")
    assert list(labels_of(found).values()) == ["angry", "surprise", "neutral"]
    assert found.reasons() == {"no_label": 1}


def test_of_expw_pictures_with_several_faces_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, "image/a.jpg", "image/b.jpg")
    (tmp_path / "label.lst").write_text(
        "a.jpg 0 1 1 9 9 50.1 3\nb.jpg 0 1 1 9 9 50.1 3\nb.jpg 1 1 20 9 29 50.1 4\n"
    )
    found = look(tmp_path, "expw")
    assert labels_of(found) == {"a.jpg": "happy"}
    assert found.reasons() == {"other_expression": 1, "no_picture": 1}


def test_of_ferplus_the_majority_counts(tmp_path: Path) -> None:
    put(tmp_path, *(f"FER2013Train/fer000000{n}.png" for n in range(3)))
    (tmp_path / "FER2013Train" / "label.csv").write_text(
        'fer0000000.png,"(0, 0, 48, 48)",4,0,0,1,5,0,0,0,0,0\n'
        'fer0000001.png,"(0, 0, 48, 48)",4,4,0,1,1,0,0,0,0,0\n'
        'fer0000002.png,"(0, 0, 48, 48)",1,0,0,0,0,0,0,9,0,0\n'
    )
    found = look(tmp_path, "ferplus")
    assert labels_of(found) == {"fer0000000.png": "angry"}
    assert found.reasons()["other_expression"] == 2


def test_labels_that_are_given_say_what_folders_mean(tmp_path: Path) -> None:
    put(tmp_path, "1/a.jpg", "Natural/b.jpg", "ahegao/c.jpg")
    found = look(tmp_path, labels="1=surprise,natural=neutral,Ahegao=other")
    assert labels_of(found) == {"a.jpg": "surprise", "b.jpg": "neutral"}
    with pytest.raises(BadData, match="'1=cross' should be"):
        look(tmp_path, labels="1=cross")


@pytest.mark.parametrize(
    ("folder", "emotion"),
    [
        ("ANGER", "angry"),
        ("Happiness", "happy"),
        ("suprise", "surprise"),
        ("fearful ", "fear"),
        ("03_sad", "sad"),
        ("Tristeza", "sad"),
        ("dégoût", "disgust"),
        ("złość", "angry"),
        ("счастливый", "happy"),
        ("Neutralny", "neutral"),
        ("medo", "fear"),
    ],
)
def test_words_of_six_languages_are_known(
    folder: str, emotion: str, tmp_path: Path
) -> None:
    assert labels_of(look(put(tmp_path, f"{folder}/a.jpg"))) == {"a.jpg": emotion}


def test_a_word_above_counts_and_a_number_below_does_not(tmp_path: Path) -> None:
    put(tmp_path, "happy/2/a.jpg", "sad/anna/b.jpg", "contempt/c.jpg", "Joy/fear/d.jpg")
    found = look(tmp_path)
    assert labels_of(found) == {"a.jpg": "happy", "b.jpg": "sad"}
    assert found.reasons() == {"other_expression": 1, "several_labels": 1}


def test_an_unknown_folder_stops_it_or_is_left_out(tmp_path: Path) -> None:
    put(tmp_path, "happy/a.jpg", "Ahegao/b.jpg")
    with pytest.raises(BadData, match="'Ahegao' is no emotion"):
        look(tmp_path)
    labelling = labelled_folders.labelling_of(None, "", True)
    found = labelled_folders.survey(tmp_path, labelling)
    assert (labels_of(found), found.reasons()) == ({"a.jpg": "happy"}, {"no_label": 1})


def test_what_tools_and_systems_leave_is_counted(tmp_path: Path) -> None:
    put(
        tmp_path,
        "happy/a.jpg",
        "happy/._a.jpg",
        "happy/.ipynb_checkpoints/a-checkpoint.jpg",
        "__MACOSX/happy/a.jpg",
        "happy/Thumbs.db",
    )
    found = look(tmp_path)
    assert (len(found.pictures), found.reasons()) == (1, {"tool_file": 4})


def test_links_are_followed_inside_the_tree_only(tmp_path: Path) -> None:
    root = put(tmp_path / "set", "all/a.jpg", "all/b.jpg", "happy/c.jpg")
    put(tmp_path / "elsewhere", "d.jpg")
    (root / "sad").mkdir()
    (root / "sad" / "a.jpg").symlink_to("../all/a.jpg")
    (root / "sad" / "again.jpg").symlink_to("../all/a.jpg")
    (root / "fear").symlink_to(tmp_path / "elsewhere")
    (root / "happy" / "up").symlink_to("..")
    labelling = labelled_folders.labelling_of(None, "", True)
    found = labelled_folders.survey(root, labelling)
    assert labels_of(found) == {"a.jpg": "sad", "c.jpg": "happy"}
    assert found.reasons() == {"link_outside": 1, "no_label": 2, "same_file": 1}


def test_a_name_that_is_not_utf8_is_carried_through(tmp_path: Path) -> None:
    put(tmp_path, "happy/a.jpg")
    strange = os.fsdecode(b"caf\xe9\n.jpg")
    (tmp_path / "happy" / "a.jpg").rename(tmp_path / "happy" / strange)
    (picture,) = look(tmp_path).pictures
    assert str(picture.file) == r"happy/caf\xe9\n.jpg"
    assert picture.file.read() == make_face_jpeg(0)
