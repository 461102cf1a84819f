"""The secret key, made once and kept in a file that only its owner can read."""

import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key


def find_or_make(data: Path) -> str:
    file = data / "secret_key"
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        # Written elsewhere and linked, so that nobody ever reads half a key and the
        # first of two processes wins.
        fresh = data / f"secret_key.{os.getpid()}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(get_random_secret_key())
        os.link(fresh, file)
    except FileExistsError:
        pass
    finally:
        fresh.unlink(missing_ok=True)
    return file.read_text().strip()
