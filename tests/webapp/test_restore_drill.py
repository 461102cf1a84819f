"""The drill of a lost database, small; `make drill` does it with 20,000 faces."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Without these it starts a Postgres of its own: it loses all that is in it.
OF_OTHER_TESTS = ("MIEN_TEST_SERVICES", "DATABASE_URL", "REDIS_URL", "MIEN_DATA")


@pytest.mark.slow
def test_of_300_faces_those_withdrawn_since_the_backup_stay_so() -> None:
    drill = [sys.executable, "-m", "tests.drills.restore", "300"]
    env = {name: v for name, v in os.environ.items() if name not in OF_OTHER_TESTS}
    done = subprocess.run(drill, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "270 faces are back, 30 stayed withdrawn" in done.stdout
