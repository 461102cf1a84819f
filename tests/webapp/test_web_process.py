"""What a web process loads and holds, measured in one of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from labeling.models import ModelVersion
from tests.support import factories, heif_bombs, image_files

PEAK = 350  # MB, the largest pictures included

LIFE = """
import pathlib, re, sys
from webapp.wsgi import application
from django.test import Client

client = Client(headers={"host": "127.0.0.1"})
for path in ("/", "/live/", "/models/"):
    client.get(path)
for path in sys.argv[1:]:
    with open(path, "rb") as photo:
        print(client.post("/detect/", {"photo": photo}).status_code, path)
print(sorted({"tensorflow", "keras", "torch", "matplotlib"} & set(sys.modules)))
# Not rusage: that counts what the parent held, too.
status = pathlib.Path("/proc/self/status").read_text()
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) // 1024)
"""


@pytest.mark.slow
def test_it_never_loads_tensorflow_and_stays_small(
    site_env: dict[str, str], champion: ModelVersion, tmp_path: Path
) -> None:
    names = ["60-megapixels.jpg", "bomb.png", "lying.png", "photo.heic", "photo.avif"]
    files = [tmp_path / name for name in names]
    for file in files:
        made = image_files.GOOD.get(file.name) or image_files.BAD[file.name].make
        file.write_bytes(made())
    plain = Image.new("RGB", (4000, 4000), (90, 120, 60))
    sixteen = image_files.encoded(plain, "PNG", compress_level=1)
    files.append(tmp_path / "16-megapixels.png")
    files[-1].write_bytes(sixteen)
    for kind, options in (
        ("HEIF", {}),
        ("AVIF", {"speed": 10}),
        ("WEBP", {"method": 0}),
    ):
        files.append(tmp_path / f"16-megapixels.{kind.lower()}")
        files[-1].write_bytes(image_files.encoded(plain, kind, **options))
    large = Image.new("RGB", (8064, 6048), (90, 120, 60))
    files.append(tmp_path / "48-megapixels.jpg")
    files[-1].write_bytes(image_files.encoded(large, "JPEG", progressive=True))
    files.append(tmp_path / "38-megapixels.heic")
    files[-1].write_bytes(heif_bombs.grid("HEIF", 12, 512))
    files.append(tmp_path / "faces.jpg")
    files[-1].write_bytes(factories.make_photo(29, 2))
    done = subprocess.run(
        [sys.executable, "-c", LIFE, *map(str, files)],
        env={
            **site_env,
            "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    *answers, loaded, peak = done.stdout.splitlines()
    assert len(answers) == len(files)
    assert not [answer for answer in answers if answer.startswith("5")]
    assert loaded == "[]"
    assert int(peak) <= PEAK
