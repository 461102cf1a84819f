"""The detector's file comes from a server; here one of our own stands for it."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from webapp.downloads import detector

MODEL = b"as good as a network" * 1000
SHA256 = hashlib.sha256(MODEL).hexdigest()


class Zoo(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/model.onnx")
            self.end_headers()
            return
        content = {"/model.onnx": MODEL, "/half": MODEL[:100]}.get(self.path)
        self.send_response(200 if content else 404)
        length = len(MODEL) if content else 0
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def zoo() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Zoo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ["/model.onnx", "/moved"])
def test_the_file_is_fetched_and_checked(zoo: str, path: str, tmp_path: Path) -> None:
    target = tmp_path / "new" / "yunet.onnx"
    detector.fetch(target, url=zoo + path, sha256=SHA256)
    assert target.read_bytes() == MODEL
    assert detector.is_whole(target, SHA256)
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize(
    ("path", "why"),
    [("/none", "404"), ("/half", "cannot be reached|another file")],
)
def test_what_does_not_arrive_whole_leaves_nothing(
    zoo: str, path: str, why: str, tmp_path: Path
) -> None:
    target = tmp_path / "yunet.onnx"
    with pytest.raises(detector.NotFetched, match=why):
        detector.fetch(target, url=zoo + path, sha256=SHA256)
    assert list(tmp_path.iterdir()) == []


def test_another_file_than_the_pinned_one_is_refused(zoo: str, tmp_path: Path) -> None:
    with pytest.raises(detector.NotFetched, match="another file than expected"):
        detector.fetch(tmp_path / "yunet.onnx", url=f"{zoo}/model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_offline_the_command_says_so_in_one_line_and_goes_on(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FACE_DETECTOR = tmp_path / "yunet.onnx"
    monkeypatch.setattr(
        detector.fetch, "__kwdefaults__",
        {"url": "http://127.0.0.1:9/model.onnx", "sha256": SHA256},
    )  # fmt: skip
    errors = StringIO()
    call_command("fetch_detector", stderr=errors)
    [line] = errors.getvalue().splitlines()
    assert "could not be fetched" in line
    assert "Haar" in line


def test_the_address_is_pinned_to_a_commit() -> None:
    assert detector.URL.startswith("https://")
    assert "/main/" not in detector.URL
