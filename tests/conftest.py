import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection

from labeling.models import ModelVersion
from labeling.registry import model_versions, serving
from tests.support import tiny_model
from tests.support.real_data import FACE_DETECTOR


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Rate limits and counts of one test are no business of the next."""
    yield
    cache.clear()


@pytest.fixture
def site_env(transactional_db: None) -> dict[str, str]:
    """The environment for a program that shall see this test's database."""
    url = os.environ["DATABASE_URL"].replace(
        "/mien?", f"/{connection.settings_dict['NAME']}?"
    )
    return {**os.environ, "DATABASE_URL": url}


@pytest.fixture
def manage() -> list[str]:
    return [sys.executable, "manage.py"]


@pytest.fixture
def champion(db: None, tmp_path: Path, settings: Any) -> Iterator[ModelVersion]:
    """A tiny network that is always sure, with YuNet where it is at hand."""
    settings.FACE_DETECTOR = FACE_DETECTOR
    tiny_model.make_artefact(tmp_path / "tiny", certainty_threshold=0.1)
    serving.forget()
    yield model_versions.register_shipped(tmp_path / "tiny")
    serving.forget()
