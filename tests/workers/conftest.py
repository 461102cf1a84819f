import sys

import pytest


@pytest.fixture
def fake_ml(settings):
    """`fake_ml(*flags)`: what the child that trains does."""

    def use(*flags):
        program = [sys.executable, "-m", "tests.support.fake_ml", *map(str, flags)]
        settings.ML_COMMAND = program

    use()
    return use
