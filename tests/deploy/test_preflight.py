"""What stops a start, each in one clear sentence."""

import os
import socket
from pathlib import Path

import pytest

from deploy.supervisor import preflight
from webapp.config.startup_error import StartupError


def test_the_data_folder_is_made_private(tmp_path: Path) -> None:
    preflight.folder(tmp_path / "data")
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_is_there_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    preflight.folder(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o755


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_of_somebody_else_is_said_to_be_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StartupError, match="may not write"):
        preflight.folder(tmp_path / "data")


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StartupError, match="cannot be used"):
        preflight.folder(tmp_path / "data")


def test_a_second_start_learns_who_runs_and_where(tmp_path: Path) -> None:
    first = preflight.lock(tmp_path, address="http://127.0.0.1:8000")
    with pytest.raises(StartupError) as trouble:
        preflight.lock(tmp_path, address="http://127.0.0.1:8001")
    assert str(trouble.value) == (
        f"Mien runs here already: process {os.getpid()} at http://127.0.0.1:8000. "
        "Stop that one first."
    )
    first.close()
    preflight.lock(tmp_path, address="http://127.0.0.1:8001").close()


def test_a_full_disk_is_seen_before_the_start(tmp_path: Path) -> None:
    preflight.room(tmp_path, needed=1)
    with pytest.raises(StartupError, match="The disk is full"):
        preflight.room(tmp_path, needed=2**62)


def test_a_taken_port_is_named_with_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        number = other.getsockname()[1]
        with pytest.raises(
            StartupError, match=f"Port {number} is taken.*PORT={number + 1}"
        ):
            preflight.port("127.0.0.1", number)


def test_a_port_that_cannot_be_is_refused() -> None:
    with pytest.raises(StartupError, match="up to 65535"):
        preflight.port("127.0.0.1", 65536)


def test_a_host_that_is_not_ours_is_refused() -> None:
    with pytest.raises(StartupError, match=r"cannot listen at 192\.0\.2\.1"):
        preflight.port("192.0.2.1", 0)


def test_a_free_port_is_ours_at_once() -> None:
    with preflight.port("127.0.0.1", 0) as listener:
        address = listener.getsockname()
        with socket.create_connection(address, timeout=5):
            pass
