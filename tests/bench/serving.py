"""How fast a face and a photo are looked at, beside Keras and PyPI's `fer`.

    FACE_DETECTOR=… PHOTOS=… [FER_PYTHON=…] python -m tests.bench.serving

FER_PYTHON is the interpreter of a throw-away environment with `fer`; docs/bench.md says
how to make one. Everything runs on one core, one thing after the other.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from ml.artefact.predictor import Predictor
from ml.vision import decode, face_crop, pipeline
from ml.vision.detector import load_detector
from tests.bench.parts import page
from tests.bench.parts.timing import milliseconds
from tests.support.real_data import FACE_DETECTOR, PHOTOS

ROOT = Path(__file__).resolve().parents[2]
MODEL = Path(os.environ.get("MODEL") or ROOT / "models" / "base")
ONE_FACE, MANY_FACES = "obama.jpg", "big_group.jpg"
VGA = (640, 480)


def main() -> None:
    if not PHOTOS or not FACE_DETECTOR:
        sys.exit("serving: set PHOTOS and FACE_DETECTOR to the photos and to YuNet.")
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photos = [make_vga(PHOTOS / photo, folder) for photo in (ONE_FACE, MANY_FACES)]
        crops = folder / "faces.npy"
        np.save(crops, some_faces(photos[1]))
        ours = measure_ours(crops, photos)
        keras = measure_keras(crops)
        fer = measure_fer(crops, photos)
    text = report(ours, keras, fer)
    page.write_section("serving", text)
    print(text)


def make_vga(photo: Path, folder: Path) -> Path:
    """The photo fitted into 640×480, on grey, as a JPEG."""
    canvas = Image.new("RGB", VGA, (128, 128, 128))
    rgb = decode.load(photo.read_bytes()).rgb
    scale = min(VGA[0] / rgb.shape[1], VGA[1] / rgb.shape[0])
    size = round(rgb.shape[1] * scale), round(rgb.shape[0] * scale)
    canvas.paste(Image.fromarray(rgb).resize(size))
    canvas.save(folder / photo.name, quality=90)
    return folder / photo.name


def some_faces(photo: Path) -> np.ndarray:
    assert FACE_DETECTOR
    rgb = decode.load(photo.read_bytes()).rgb
    found = load_detector(FACE_DETECTOR).find(rgb)
    return np.stack(
        [face_crop.to_network(face_crop.crop(rgb, face.box)) for face in found]
    )


def measure_ours(crops: Path, photos: list[Path]) -> dict:
    assert FACE_DETECTOR
    assert PHOTOS
    predictor = Predictor.load(MODEL)
    detector = load_detector(FACE_DETECTOR)
    batch = np.load(crops)

    def look(data: bytes) -> list[pipeline.FacePrediction]:
        return pipeline.predict_faces(decode.load(data), predictor, detector)

    def time_photo(data: bytes) -> float:
        return milliseconds(lambda: look(data))

    return {
        "name": predictor.card.name,
        "1": milliseconds(lambda: predictor.predict(batch[:1])),
        "8": milliseconds(lambda: predictor.predict(batch[:8])),
        "photos": [time_photo(photo.read_bytes()) for photo in photos],
        "found": [len(look(photo.read_bytes())) for photo in photos],
        "counts": {
            name: len(look((PHOTOS / name).read_bytes())) for name in true_counts()
        },
    }


def measure_keras(crops: Path) -> dict | None:
    if not (MODEL / "model.keras").is_file():
        return None
    return run_json(
        [sys.executable, "-m", "tests.bench.parts.with_keras", str(MODEL), str(crops)]
    )


def measure_fer(crops: Path, photos: list[Path]) -> dict | None:
    python = os.environ.get("FER_PYTHON")
    if not python:
        return None
    assert PHOTOS
    script = ROOT / "tests" / "bench" / "parts" / "with_fer.py"
    counted = [str(PHOTOS / name) for name in true_counts()]
    return run_json(
        [python, str(script), str(crops), *map(str, photos), "--", *counted]
    )


def run_json(command: list[str]) -> dict | None:
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, check=False
    )
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def true_counts() -> dict[str, int]:
    assert PHOTOS
    return json.loads((PHOTOS / "face_counts.json").read_text())


def judged(counts: dict[str, int]) -> list[str]:
    """[photos counted right, faces missed, found where none is]"""
    true = true_counts()
    right = sum(counts[name] == true[name] for name in true)
    missed = sum(max(0, true[name] - counts[name]) for name in true)
    extra = sum(max(0, counts[name] - true[name]) for name in true)
    return [f"{right} of {len(true)}", str(missed), str(extra)]


def row(name: str, ms: float | None, n: int, ours: float) -> list[str]:
    if ms is None:
        return [name, "not run", "", ""]
    return [name, f"{ms:.2f}", f"{1000 * n / ms:.0f}", f"{ms / ours:.1f} ×"]


def report(ours: dict, keras: dict | None, fer: dict | None) -> str:
    keras = keras or {"network": {}, "graph": {}}
    peer = fer or {"classify": None, "photos": {}, "counts": None}
    theirs = [
        peer["photos"].get(next((p for p in peer["photos"] if p.endswith(name)), ""))
        for name in (ONE_FACE, MANY_FACES)
    ]
    head = ["", "ms", "a second", "ours is faster by"]
    one, eight = ours["1"], ours["8"]
    alone, whole = keras["network"], keras["graph"]
    by_face = [
        row("ours, one face", one, 1, one),
        row("ours, batch of 8", eight, 8, eight),
        row("Keras `predict` of the same network, one face", alone.get("1"), 1, one),
        row("Keras `predict`, batch of 8", alone.get("8"), 8, eight),
        row("the same with both looks, one face", whole.get("1"), 1, one),
        row("the same with both looks, batch of 8", whole.get("8"), 8, eight),
        row("`fer`'s classifier, one face", peer["classify"], 1, one),
    ]
    by_photo = []
    for place, count in enumerate(ours["found"]):
        faces_word = f"{count} face{'' if count == 1 else 's'}"
        mine, other = ours["photos"][place], theirs[place]
        by_photo += [
            row(f"ours, {faces_word}", mine, 1, mine),
            row("the whole of `fer`, the same photo", other, 1, mine),
        ]
    finding = [["ours", *judged(ours["counts"])]]
    if peer["counts"]:
        finding.append(["`fer`", *judged(peer["counts"])])
    return f"""## Serving, without the web

Model {ours["name"]} on one core of {processor()}; medians of
processor time.

**A face** (48×48 in, probabilities and evidence out)

{page.table(head, by_face)}

**A photo** (640×480 JPEG in, every face's probabilities out)

{page.table(head, by_photo)}

**Faces found** in the test photos

{page.table(["", "photos counted right", "faces missed", "faces too many"], finding)}

`fer` runs in an environment of its own: `python -m venv X`, `X/bin/pip install
"fer==22.5.1" tensorflow "opencv-contrib-python<5" "moviepy<2" "setuptools<80"`, then
`FER_PYTHON=X/bin/python`.
"""


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
