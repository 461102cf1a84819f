"""What pictures cost to open: bombs until they are refused, and photos as ever.

    PHOTOS=… python -m tests.bench.decode

A photo's time is set beside Pillow's own, read in this very process as it was before
bombs were thought of; the difference is what the care costs.
"""

import io
import os
import platform
import statistics
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator

from PIL import Image

from ml.vision import decode, decoder_process
from tests.bench.parts import page
from tests.support.bombs import BOMBS
from tests.support.cpu_time import family_seconds
from tests.support.real_data import PHOTOS

LIMIT = 2.0  # seconds
WIDTHS = (640, 1600, 4000)  # px, of 4:3
SECONDS = 3.0  # of work for each photo
KINDS: dict[str, dict[str, object]] = {
    "JPEG": {"quality": 90},
    "progressive JPEG": {"quality": 90, "progressive": True},
    "PNG": {},
    "WEBP": {"quality": 85, "method": 0},
    "AVIF": {"quality": 80, "speed": 10},
    "HEIF": {"quality": 80, "enc_params": {"preset": "ultrafast"}},
}


def main() -> None:
    if not PHOTOS:
        sys.exit("decode: set PHOTOS to the folder of photos.")
    warnings.simplefilter("ignore")
    bombs = [open_bomb(name) for name in BOMBS]
    page.write_section("decode", report(bombs, list(ordinary(PHOTOS / "obama.jpg"))))


def report(bombs: list[list[str]], photos: list[list[str]]) -> str:
    text = f"""## Opening pictures

Processor time of all processes on {os.cpu_count()} cores ({platform.machine()}), load
{os.getloadavg()[0]:.1f}.

**Bombs**: none may take more than 2 seconds

{page.table(["", "KB", "seconds", "becomes"], bombs)}

**Photos**: medians, beside Pillow's in the same process

{page.table(["", "KB", "Pillow, ms", "ours, ms", "more"], photos)}
"""
    print(text)
    return text


def open_bomb(name: str) -> list[str]:
    data = BOMBS[name]()
    start = family_seconds()
    try:
        height, width = decode.load(data).rgb.shape[:2]
        became = f"{width}×{height}"
    except decode.BadPicture as why:
        became = f"`{why.code}`"
    seconds = family_seconds() - start
    if seconds > LIMIT:
        sys.exit(f"{name} took {seconds:.1f} seconds")
    return [name, f"{len(data) // 1024:,}", f"{seconds:.2f}", became]


def ordinary(photo: os.PathLike[str]) -> Iterator[list[str]]:
    with Image.open(photo) as image:
        whole = image.convert("RGB")
    decoder_process.prepare_codecs()
    with tempfile.TemporaryFile() as lock:
        for width in WIDTHS:
            sized = whole.resize((width, width * 3 // 4), Image.Resampling.BICUBIC)
            for name, options in KINDS.items():
                file = io.BytesIO()
                sized.save(file, name.split()[-1], **options)
                yield compare(f"{width} px, {name}", file.getvalue(), lock.fileno())


def compare(name: str, data: bytes, lock: int) -> list[str]:
    pillow, ours = [], []
    decode.load(data)
    while sum(pillow) + sum(ours) < SECONDS:
        pillow.append(seconds_of(lambda: decoder_process.read(data, 1920, lock)))
        ours.append(seconds_of(lambda: decode.load(data)))
    before, after = (1000 * statistics.median(times) for times in (pillow, ours))
    more = f"{100 * (after / before - 1):+.0f} %"
    return [name, f"{len(data) // 1024:,}", f"{before:.1f}", f"{after:.1f}", more]


def seconds_of(work: Callable[[], object]) -> float:
    start = family_seconds()
    work()
    return family_seconds() - start


if __name__ == "__main__":
    main()
