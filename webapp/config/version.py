"""Which Mien this is: the top heading of the changelog, and the newest migration."""

import functools
import platform
import re

import django

from webapp.config import service_paths


@functools.cache
def running() -> dict[str, str]:
    """`mien`, `schema` (the newest migration that this code brings), `python`,
    `django`."""
    changes = (service_paths.ROOT / "CHANGELOG.md").read_text()
    heading = re.search(r"^## (\S+)", changes, re.MULTILINE)
    migrations = (service_paths.ROOT / "labeling" / "migrations").glob("0*.py")
    return {
        "mien": heading[1] if heading else "unknown",
        "schema": max(path.stem for path in migrations),
        "python": platform.python_version(),
        "django": django.get_version(),
    }
