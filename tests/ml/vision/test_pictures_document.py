"""What docs/pictures.md says of each kind of picture is so."""

import functools
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from ml.vision import decode
from tests.support import heif_bombs, image_files

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "pictures.md"
ROWS = re.findall(
    r"^\| ([\w-]+\.[a-z]+) \|[^|]*\| ([^|]*) \|$", DOCUMENT.read_text(), re.MULTILINE
)


def _progressive() -> bytes:
    plain = Image.new("RGB", (8064, 6048), (90, 120, 60))
    return image_files.encoded(plain, "JPEG", progressive=True)


FILES: dict[str, Callable[[], bytes]] = {
    **image_files.GOOD,
    **{name: bad.make for name, bad in image_files.BAD.items()},
    "48-megapixels-progressive.jpg": _progressive,
    "24-megapixels.heic": functools.partial(heif_bombs.grid, "HEIF", 10, 500),
    "38-megapixels.heic": functools.partial(heif_bombs.grid, "HEIF", 12, 512),
    "large-grey.avif": functools.partial(image_files.grey_avif, 2000, 1000, 12),
}


def test_the_table_is_found() -> None:
    assert len(ROWS) >= 40


@pytest.mark.parametrize(("name", "said"), ROWS)
def test_what_the_table_says_happens(name: str, said: str) -> None:
    try:
        note = decode.load(FILES[name]()).note
    except decode.BadPicture as why:
        assert said == f"`{why.code}`"
    else:
        assert said.startswith("read")
        assert ("note" in said) == bool(note)
        assert not note or f"`{note}`" in said
