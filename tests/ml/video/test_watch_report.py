from pathlib import Path

from ml.video import watch_report
from tests.ml.video.test_session_summary import look, session


def written(path: Path, seconds: float, **names: str) -> str:
    seen = session(*(look(t / 10, "sad") for t in range(round(10 * seconds))))
    said = {"source": "a.webm", "model": "m", "video": ""} | names
    watch_report.write(path, seen, **said)
    return path.read_text()


def test_the_page_shows_names_as_they_are_and_never_as_markup(tmp_path: Path) -> None:
    names = {"source": "<i>.webm", "model": "a & b", "video": '"><script>.webm'}
    page = written(tmp_path / "report.html", 2, **names)
    assert "<title>&lt;i&gt;.webm</title>" in page
    assert "model\na &amp; b" in page
    assert "<script" not in page
    assert page.count("<rect") == 1 + 3  # a spell, and a key of three emotions


def test_a_face_too_short_to_count_is_not_said_to_be_absent(tmp_path: Path) -> None:
    page = written(tmp_path / "report.html", 0.5)
    assert "0 faces" in page
    assert "No face was seen" not in page
