"""A disk that is full soon: a tmpfs, where mounting is allowed."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """An empty one, where everybody may go; skips the test without root."""
    disk = Path(tempfile.mkdtemp(prefix="mien-tests-"))
    disk.chmod(0o755)
    options = f"size={megabytes}m,mode=755"
    mount = ["mount", "-t", "tmpfs", "-o", options, "mien-test", disk]
    if subprocess.run(mount, capture_output=True).returncode:
        disk.rmdir()
        pytest.skip("mounting is not allowed here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)
        disk.rmdir()
