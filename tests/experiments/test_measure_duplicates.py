"""The promise of ml/vision/near_duplicates.py, kept on real faces."""

import json
from pathlib import Path

import pytest

from tests.experiments import measure_duplicates
from tests.support.real_data import (
    FACE_DETECTOR,
    FER2013,
    needs_face_detector,
    needs_fer2013,
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
