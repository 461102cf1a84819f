"""For all tests of the core."""

import pytest


@pytest.fixture(autouse=True)
def own_data_folder(settings, tmp_path):
    """The log of withdrawals, and the like, lie in a folder of the test's own."""
    settings.MIEN_DATA = tmp_path / "mien"
