"""Where the commands find things that nobody named: beside the code in a clone, in the
package itself and in the user's cache where `ml` was installed."""

import os
from pathlib import Path

from ml.errors import BadInput

PACKAGE = Path(__file__).resolve().parents[1]
CLONE = PACKAGE.parent
DETECTOR = "face_detection_yunet_2023mar.onnx"


def base_model() -> Path:
    """$MODEL, else the model that comes with the code."""
    if named := os.environ.get("MODEL"):
        return Path(named)
    packed = PACKAGE / "base_model"
    return packed if packed.is_dir() else CLONE / "models" / "base"


def data() -> Path:
    """$MIEN_DATA, else the clone's .data, else a folder of the user's cache."""
    if named := os.environ.get("MIEN_DATA"):
        return Path(named)
    if (CLONE / "models").is_dir():
        return CLONE / ".data"
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "mien"


def detector(named: Path | None) -> Path | None:
    """`named`, which must be there (BadInput), else $FACE_DETECTOR or what lies in
    `data`, if it does: a site says where it would be, whether it could be had or not.
    """
    if named:
        if not named.is_file():
            raise BadInput(f"There is no face detector at {named}.")
        return named
    usual = Path(os.environ.get("FACE_DETECTOR") or data() / DETECTOR)
    return usual if usual.is_file() else None
