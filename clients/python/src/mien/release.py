"""A dataset that somebody released: fetched whole, file by file, each checked."""

import hashlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from mien.errors import MienError
from mien.http import Http

CHECKSUMS = "SHA256SUMS"


class Damaged(MienError):
    """A file that is not what the release's checksums say."""


def download(
    http: Http,
    url: str,
    folder: Path,
    *,
    on_file: Callable[[str, int, int], object] = lambda name, number, count: None,
) -> int:
    """Everything of the release that lies at `url`, into a folder; how many files.

    What is there already and whole is not fetched again. Raises Damaged.
    """
    base = url.rstrip("/") + "/"
    sums = _parse(b"".join(http.download(base + CHECKSUMS)).decode())
    for number, (name, digest) in enumerate(sums.items(), 1):
        on_file(name, number, len(sums))
        _fetch(http, base + name, _inside(folder, name), digest)
    return len(sums)


def _parse(text: str) -> dict[str, str]:
    """Names and digests of lines as sha256sum writes them."""
    pairs = (line.split(maxsplit=1) for line in text.splitlines() if line.strip())
    return {name.lstrip("*"): digest for digest, name in pairs}


def _inside(folder: Path, name: str) -> Path:
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or PurePosixPath(name).is_absolute():
        raise Damaged(f"{name!r} would lie outside of the release.")
    return folder.joinpath(*parts)


def _fetch(http: Http, url: str, file: Path, digest: str) -> None:
    if file.is_file() and _digest(file) == digest:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    with part.open("wb") as out:
        out.writelines(http.download(url))
    if _digest(part) != digest:
        part.unlink()
        raise Damaged(f"{file.name} is not what its checksum says; try again.")
    part.replace(file)


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
