"""Dumps that only who holds a key can read, in the format of age (age-encryption.org):
its own program opens them as well.

A key has two halves. The public one, `age1…`, locks, and may lie on the site's machine;
the whole, `AGE-SECRET-KEY-…`, also opens, and is best kept elsewhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import pyrage
from django.conf import settings
from pyrage import x25519

HEADER = b"age-encryption.org/"
PUBLIC = "age1"
NAME_IT = (
    "Name the file that holds its key, as in `make restore DUMP ARGS='--key FILE'`: "
    "without that key nobody can read it."
)


class KeyProblem(Exception):
    """Why a dump cannot be locked or opened, in one sentence."""


def new_key() -> tuple[str, str]:
    """(the whole, its public half)"""
    whole = x25519.Identity.generate()
    return str(whole), str(whole.to_public())


def encrypt(plain: IO[bytes], file: IO[bytes], key: str) -> None:
    """Lock what `plain` yields, bit by bit, for the key (either half)."""
    pyrage.encrypt_io(plain, file, [_public_half(key)])


@contextmanager
def opened(file: Path, key: str) -> Iterator[IO[bytes]]:
    """The plain dump, encrypted or not. What was decrypted has no name on the disk: it
    is gone with this process. Raises KeyProblem."""
    with file.open("rb", buffering=0) as found:
        if found.read(len(HEADER)) != HEADER:
            yield found
            return
        with TemporaryFile(dir=settings.MIEN_DATA, buffering=0) as plain:
            found.seek(0)
            _decrypt(found, plain, key)
            yield plain


def _decrypt(file: IO[bytes], plain: IO[bytes], key: str) -> None:
    whole = _whole(key)
    try:
        pyrage.decrypt_io(file, plain, [whole])
    except pyrage.DecryptError as why:
        raise KeyProblem(
            "this key does not open it: it was encrypted with another, perhaps an "
            f"older one that was kept apart. {NAME_IT}"
        ) from why
    except OSError as why:
        if why.errno:  # such as a full disk
            raise
        raise KeyProblem(
            "the key opens it, but it is damaged, or was not copied to its end."
        ) from why


def _whole(key: str) -> Any:
    key = _without_comments(key)
    if not key:
        raise KeyProblem(f"it is encrypted, and there is no BACKUP_KEY. {NAME_IT}")
    if key.startswith(PUBLIC):
        raise KeyProblem(f"it is encrypted, and BACKUP_KEY can only lock. {NAME_IT}")
    try:
        return x25519.Identity.from_str(key)
    except pyrage.IdentityError as why:
        raise _no_key() from why


def _public_half(key: str) -> Any:
    key = _without_comments(key)
    if not key.startswith(PUBLIC):
        return _whole(key).to_public()
    try:
        return x25519.Recipient.from_str(key)
    except pyrage.RecipientError as why:
        raise _no_key() from why


def _no_key() -> KeyProblem:
    return KeyProblem(
        "what was given is no key of age. `python manage.py backup_key FILE` makes one."
    )


def _without_comments(key: str) -> str:
    """As age-keygen writes a file: two lines that begin with #, then the key."""
    lines = [line.strip() for line in key.splitlines()]
    return next((line for line in lines if line and not line.startswith("#")), "")
