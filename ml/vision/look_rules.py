"""The rules of looking at a picture, as `looks.json` has them.

They stand once: detector, crop and pipeline read them here, and a browser that looks
by itself (`webapp/static/js/engine/`) is given the same file. JSON has no comments, so
what each one means is said where it is used.
"""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

PATH = Path(__file__).with_name("looks.json")


def as_json() -> Any:
    """The rules as plain values, for a script."""
    return json.loads(PATH.read_text(encoding="utf-8"))


DETECTOR, CROP, DOUBT, LOOKS, ANSWER = (
    SimpleNamespace(**as_json()[part])
    for part in ("detector", "crop", "doubt", "looks", "answer")
)
