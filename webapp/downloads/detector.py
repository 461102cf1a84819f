"""Fetch YuNet's file, which is not ours to ship: pinned by address and by sha256."""

import hashlib
import http.client
import os
import urllib.request
from pathlib import Path

from ml.vision.yunet import SHA256

URL = (
    "https://media.githubusercontent.com/media/opencv/opencv_zoo/"
    "47534e27c9851bb1128ccc0102f1145e27f23f98/models/face_detection_yunet/"
    "face_detection_yunet_2023mar.onnx"
)
MOST_BYTES = 2 * 2**20  # the file has 233 KB
PATIENCE = 5.0  # seconds for a server that does not answer


class NotFetched(Exception):
    """Why not, in words for the person at the terminal."""


def is_whole(file: Path, sha256: str = SHA256) -> bool:
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == sha256


def fetch(target: Path, *, url: str = URL, sha256: str = SHA256) -> None:
    """Download to `target`, or leave what is there; never half a file. NotFetched."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310
            content = answer.read(MOST_BYTES)
    except (OSError, http.client.HTTPException) as why:
        raise NotFetched(f"{url} cannot be reached ({why})") from why
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise NotFetched(f"{url} holds another file than expected (sha256 {found})")
    part = target.with_name(f"{target.name}.{os.getpid()}")
    target.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(content)
    part.rename(target)
