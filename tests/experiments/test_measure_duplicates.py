"""The promises of near_duplicates.py and local_change.py, kept on real faces."""

import json
from pathlib import Path

import pytest

from tests.experiments import measure_duplicates
from tests.support.real_data import (
    FACE_DETECTOR,
    FER2013,
    PHOTOS,
    needs_face_detector,
    needs_fer2013,
    needs_photos,
)


@needs_fer2013
@needs_face_detector
@pytest.mark.slow
def test_on_fer2013_copies_are_found_and_others_are_not(
    fer2013_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--fer2013", str(FER2013), "--cache", str(fer2013_cache), "--json"]
    arguments += ["--detector", str(FACE_DETECTOR), "--copies", "10", "--others", "20"]
    assert measure_duplicates.main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    shares = dict(report["found"])
    too_tight = shares.pop("re-cropped, 65–80 % of the side")
    assert too_tight >= 0.4
    assert min(shares.values()) >= 0.85, shares  # 0.975 and more of 500 copies
    # One in nine Training faces is a copy; a loose threshold would find many more.
    assert 0 < report["alarms"] / report["others"] <= 0.3


@needs_photos
@needs_face_detector
@pytest.mark.slow
def test_of_what_one_gave_copies_are_known_and_other_expressions_are_none(
    tmp_path: Path,
) -> None:
    assert PHOTOS
    for photo in PHOTOS.glob("emo_a*.jpg"):
        (tmp_path / photo.name).symlink_to(photo)
    arguments = ["--fer2013", "unread", "--photos", str(tmp_path), "--copies", "10"]
    arguments += ["--detector", str(FACE_DETECTOR), "--pairs", "25"]
    report = measure_duplicates.measure_own(measure_duplicates.arguments(arguments))
    shares = dict(report["found"])
    del shares["re-cropped, 65–80 % of the side"]
    assert min(shares.values()) >= 0.8, shares  # 0.95 and more of 500 copies
    changed = report["expressions"]
    assert [sort["pairs"] for sort in changed.values()] == [25] * 3
    assert changed["filmed"]["alike"] > 15  # signatures alone would refuse them
    assert sum(sort["taken"] for sort in changed.values()) <= 2
