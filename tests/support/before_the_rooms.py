"""The site of tests/before_the_rooms/ (its README says what lies there), restored."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import override_settings

from labeling.registry import serving
from tests.support.real_data import FACE_DETECTOR
from webapp import backups

OLD = Path(__file__).resolve().parents[1] / "before_the_rooms"
FACTS: dict[str, Any] = json.loads((OLD / "facts.json").read_text())
KEY = (OLD / "site" / "secret_key").read_text()


@dataclass
class Restored:
    data: Path  # its MIEN_DATA
    taken_back: tuple[int, int]  # faces, accounts


@contextmanager
def restored(home: Path) -> Iterator[Restored]:
    """As on a new machine: into an empty database, beside the one of the tests."""
    shutil.copytree(OLD, home, dirs_exist_ok=True)
    data = home / "site"
    changed = {"MIEN_DATA": data, "SECRET_KEY": KEY, "FACE_DETECTOR": FACE_DETECTOR}
    with override_settings(**changed), _empty_database():
        serving.forget()
        log = data / "withdrawals.log"  # of the site; it moved here, and ended there
        yield Restored(data, backups.restore(home / "mien.dump", newest_log=log))
        serving.forget()


@contextmanager
def _empty_database() -> Iterator[None]:
    usual = connection.settings_dict["NAME"]
    name = f"{usual}_before_the_rooms"
    _run_on_server(f"create database {name}")
    _use(name)
    try:
        yield
    finally:
        _use(usual)
        _run_on_server(f"drop database {name} with (force)")


def _use(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    ContentType.objects.clear_cache()  # their numbers are not the same


def _run_on_server(statement: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)
