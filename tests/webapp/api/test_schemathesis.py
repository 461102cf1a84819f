"""Schemathesis reads the API's description and tries to prove it wrong: all its checks,
request after request along the links, as a stranger and with the token of each role.

`SCHEMATHESIS_SECONDS` is how long for each; `make drill` takes its time.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from labeling import accounts
from tests.security.world import World

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("champion", "no_limits"),
]

SECONDS = os.environ.get("SCHEMATHESIS_SECONDS", "5")
CONFIG = Path(__file__).with_name("schemathesis.toml")


@pytest.fixture
def no_limits(settings: Any) -> None:
    settings.DETECT_RATE = settings.LIVE_RATE = None
    settings.GIVE_RATE = settings.VOTE_RATE = None


@pytest.mark.parametrize("role", ["stranger", "giver", "reviewer", "trainer"])
def test_the_description_of_the_api_tells_the_truth(
    live_server: Any, tmp_path: Path, role: str
) -> None:
    world = World()
    asked = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG)]
    asked += ["run", f"{live_server.url}/api/schema/?format=json"]
    asked += ["--max-time", SECONDS, "--report", "junit", "--no-color"]
    asked += ["--report-dir", str(tmp_path)]
    if role != "stranger":
        user = world.people[role]
        secret = accounts.make_token(user, name="schemathesis")[1]
        asked += ["--header", f"Authorization: Bearer {secret}"]
        asked += ["--exclude-operation-id", "revoke_token"]  # it would end itself
    done = subprocess.run(
        asked, cwd=tmp_path, capture_output=True, text=True, timeout=3600
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
