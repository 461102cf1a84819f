import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from ml.video import watch_report
from ml.video.session_summary import FaceInFrame, SessionSummary
from ml.vision.face_crop import Box
from tests.support import tiny_model
from tests.support.real_data import (
    FACE_DETECTOR,
    PHOTOS,
    needs_face_detector,
    needs_photos,
)
from tests.support.video_files import make_clip

EMOTIONS = ("happy", "sad", "neutral")


def look(time: float, emotion: str, *, raw: str = "", face: int = 1) -> FaceInFrame:
    def sure(word: str) -> dict[str, float]:
        return {name: 0.8 if name == word else 0.1 for name in EMOTIONS}

    box = Box(0, 0, 50, 50)
    return FaceInFrame(time, face, box, emotion, sure(emotion), sure(raw or emotion))


def period(*looks: FaceInFrame) -> SessionSummary:
    result = SessionSummary(EMOTIONS)
    for one in looks:
        result.add(one.time, [one], [np.zeros((9, 9, 3), np.uint8)])
    return result


def test_shares_are_of_the_time_a_face_was_in_sight() -> None:
    looks = [look(t / 10, "happy") for t in range(10)]
    looks += [look(t / 10, "sad") for t in range(10, 40)]
    shares = period(*looks).shares()
    assert shares == pytest.approx({"happy": 0.25, "sad": 0.75, "neutral": 0})


def test_time_out_of_sight_counts_for_nothing() -> None:
    looks = [look(t / 10, "happy") for t in range(10)]
    looks += [look(60 + t / 10, "sad") for t in range(10)]
    first, second = period(*looks).spells()
    assert (first.start, first.end) == pytest.approx((0, 1.0))
    assert (second.start, second.end) == pytest.approx((60, 61.0))


def test_faces_are_counted_apart() -> None:
    looks = [look(t / 10, "happy", face=1) for t in range(10)]
    looks += [look(t / 10, "sad", face=2) for t in range(20)]
    both = period(*looks)
    assert both.faces == [2, 1]
    assert both.shares(1)["happy"] == 1
    assert both.shares(2)["sad"] == 1


def test_the_strongest_moments_leave_out_neutral() -> None:
    looks = [look(t / 10, "neutral") for t in range(10)]
    looks += [look(t / 10, "sad") for t in range(10, 20)]
    (moment,) = period(*looks).strongest()
    assert (moment.emotion, moment.face) == ("sad", 1)
    assert moment.crop is not None


def test_an_expression_of_a_few_frames_is_a_flash() -> None:
    looks = [
        look(t / 10, "neutral", raw="happy" if t in {20, 21} else "neutral")
        for t in range(40)
    ]
    (flash,) = period(*looks).flashes()
    assert (flash.emotion, flash.start, flash.end) == ("happy", 2.0, pytest.approx(2.2))


def test_an_expression_that_stays_is_no_flash() -> None:
    looks = [look(t / 10, "happy" if t >= 20 else "neutral") for t in range(40)]
    assert period(*looks).flashes() == []


def test_the_page_shows_names_as_they_are_and_never_as_markup(tmp_path: Path) -> None:
    seen = period(*[look(t / 10, "sad") for t in range(10)])
    path = tmp_path / "report.html"
    names = {"source": "<i>.webm", "model": "a & b", "video": '"><script>.webm'}
    watch_report.write(path, seen, **names)
    page = path.read_text()
    assert "<title>&lt;i&gt;.webm</title>" in page
    assert "model\na &amp; b" in page
    assert "<script" not in page
    assert page.count("<rect") == 1 + len(EMOTIONS)


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
        assert done.returncode == 2
        assert str(source) in done.stderr.splitlines()[-1]
