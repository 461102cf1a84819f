import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from ml.artefact.predictor import Predictor
from ml.video import watch
from ml.vision.detector import load_detector
from tests.support import tiny_model
from tests.support.real_data import (
    FACE_DETECTOR,
    PHOTOS,
    needs_face_detector,
    needs_photos,
)
from tests.support.video_files import make_clip


def command(source: str, model: Path, *more: str) -> list[str]:
    return [
        *(sys.executable, "-m", "ml", "watch", source, "--model", str(model)),
        *("--detector", str(FACE_DETECTOR), *more),
    ]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    tiny_model.make_artefact(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    assert PHOTOS
    photos = [PHOTOS / "trio_outdoor.jpg", PHOTOS / "cat.png", PHOTOS / "obama.jpg"]
    return make_clip(tmp_path / "clip.avi", photos)


@pytest.mark.slow
@needs_photos
@needs_face_detector
def test_a_video_becomes_a_report_a_table_and_an_annotated_video(
    clip: Path, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = subprocess.run(
        command(str(clip), model, "--out", str(out)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "30 frames, 4 faces" in done.stdout
    rows = list(csv.DictReader((out / "faces.csv").open()))
    assert len(rows) == 3 * 10 + 10
    assert {row["face"] for row in rows} == {"1", "2", "3", "4"}
    assert float(rows[-1]["seconds"]) == pytest.approx(2.9)
    assert sum(float(rows[0][name]) for name in ("happy", "sad", "fear")) < 1
    page = (out / "report.html").read_text()
    assert "clip.avi" in page
    assert "Strongest moments" in page
    assert page.count("<script") == 0
    video = cv2.VideoCapture(str(out / "faces.webm"))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 30


@needs_photos
@needs_face_detector
def test_frames_come_as_json_lines(clip: Path, model: Path) -> None:
    done = subprocess.run(
        command(str(clip), model, "--json"), capture_output=True, text=True, check=True
    )
    frames = [json.loads(line) for line in done.stdout.splitlines()]
    assert [len(frame["faces"]) for frame in frames] == [3] * 10 + [0] * 10 + [1] * 10


@needs_photos
@needs_face_detector
def test_faces_are_followed_by_the_answer_that_is_asked_for(
    clip: Path, tmp_path: Path
) -> None:
    tiny_model.make_artefact(tmp_path / "two", heads=2)
    predictor, detector = Predictor.load(tmp_path / "two"), load_detector(FACE_DETECTOR)
    mix, raters = (
        next(watch.follow(watch.frames(str(clip)), predictor, detector, answer)).faces
        for answer in ("mix", "raters")
    )
    assert [face.box for face in mix] == [face.box for face in raters]
    assert all(a.emotion != b.emotion for a, b in zip(mix, raters, strict=True))


@pytest.mark.slow
@needs_photos
@needs_face_detector
@pytest.mark.parametrize("word", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_with_a_report_of_what_was_seen(
    word: signal.Signals, model: Path, tmp_path: Path
) -> None:
    assert PHOTOS
    clip = make_clip(tmp_path / "long.avi", [PHOTOS / "obama.jpg"], seconds=40)
    out = tmp_path / "out"
    watching = subprocess.Popen(
        command(str(clip), model, "--out", str(out)),
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        # A shell that starts the tests in the background has them ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert watching.stdout
    watching.stdout.readline()
    watching.send_signal(word)
    rest, _none = watching.communicate(timeout=30)
    assert watching.returncode == 0
    assert "Report: " in rest
    assert "face" in (out / "report.html").read_text()
    count = int(rest.split(" frames")[0].split()[-1])
    assert 0 < count < 400


def test_what_is_no_video_is_refused_with_one_sentence(
    tmp_path: Path, model: Path
) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    for source in (tmp_path / "text.mp4", tmp_path / "missing.mp4"):
        done = subprocess.run(
            command(str(source), model), capture_output=True, text=True, check=False
        )
        assert done.returncode == 3
        assert str(source) in done.stderr.splitlines()[-1]
