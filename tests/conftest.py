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
from ml.data import fer2013
from tests.support import tiny_model
from tests.support.made_once import made_once
from tests.support.real_data import FACE_DETECTOR, FER2013


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


@pytest.fixture(scope="session")
def fer2013_cache() -> Path:
    """A cache that holds the real FER-2013, for its CSV takes seconds to read."""
    return made_once("fer2013", _read_fer2013)


def _read_fer2013(cache: Path) -> None:
    assert FER2013 is not None
    read, kept = (fer2013.read(FER2013, cache=cache) for _ in range(2))
    for name in ("pixels", "labels", "usage"):
        assert (getattr(read, name) == getattr(kept, name)).all()
