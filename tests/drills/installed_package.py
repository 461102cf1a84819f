"""`pip install .` in an environment of its own: command, library, exit codes.

    python -m tests.drills.installed_package

What is installed is `ml` and the base model; faces are found by OpenCV's own cascade
where FACE_DETECTOR names no other.
"""

import json
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

import cv2
import numpy as np

from tests.support import tiny_model
from tests.support.drawn_people import PEOPLE, portrait

ROOT = Path(__file__).resolve().parents[2]
FORBIDDEN = ("tensorflow", "keras", "django", "celery")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _holds_ml_alone(_wheel(folder))
        bin_ = _installed(folder)
        _detects(bin_, folder)
        _tells_failures_apart(bin_, folder)
        _is_a_library(bin_, folder)
    print("installed_package: all well")


def _wheel(folder: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT],
        check=True,
    )
    return next(folder.glob("*.whl"))


def _holds_ml_alone(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    strangers = [name for name in names if not name.startswith(("ml/", "mien_ml-"))]
    assert not strangers, strangers
    assert {f"ml/base_model/{name}" for name in ("model.onnx", "card.json")} <= {*names}


def _installed(folder: Path) -> Path:
    venv.create(folder / "venv", with_pip=True)
    bin_ = folder / "venv" / "bin"
    wheel = next(folder.glob("*.whl"))
    subprocess.run([bin_ / "pip", "install", "-q", wheel], check=True)
    listed = subprocess.run(
        [bin_ / "pip", "list"], check=True, capture_output=True, text=True
    ).stdout.lower()
    assert not [name for name in FORBIDDEN if name in listed], listed
    return bin_


def _mien_ml(bin_: Path, folder: Path, *words: object) -> tuple[int, str, str]:
    done = subprocess.run(
        [bin_ / "mien-ml", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def _detects(bin_: Path, folder: Path) -> None:
    photos = folder / "photos"
    photos.mkdir()
    for name in PEOPLE:
        bgr = cv2.cvtColor(np.asarray(portrait(name), np.uint8), cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(photos / f"{name}.png"), bgr)
    code, out, err = _mien_ml(bin_, folder, "detect", "--json", photos)
    assert code == 0, err
    seen = [json.loads(line) for line in out.splitlines()]
    assert len(seen) == len(PEOPLE), seen
    faces = [face for photo in seen for face in photo["faces"]]
    assert faces, seen
    fields = {"box", "score", "emotion", "is_sure", "runner_up", "probabilities"}
    assert fields <= faces[0].keys(), faces[0]


def _tells_failures_apart(bin_: Path, folder: Path) -> None:
    good = next((folder / "photos").glob("*.png"))
    (folder / "bad.jpg").write_text("no picture")
    assert _mien_ml(bin_, folder, "--version")[0] == 0
    assert _mien_ml(bin_, folder, "detect")[0] == 2
    assert _mien_ml(bin_, folder, "detect", "bad.jpg")[0] == 3
    assert _mien_ml(bin_, folder, "detect", "bad.jpg", good)[0] == 4
    labelled = folder / "labelled"
    for emotion in ("happy", "sad"):
        (labelled / "train" / emotion).mkdir(parents=True)
        for number in range(12):
            pixels = tiny_model.face(emotion, seed=number)
            cv2.imwrite(str(labelled / "train" / emotion / f"{number}.png"), pixels)
    code, _out, err = _mien_ml(bin_, folder, "train", labelled, "out")
    assert code == 3 and "mien-ml[train]" in err, err


def _is_a_library(bin_: Path, folder: Path) -> None:
    program = """
from ml.artefact.predictor import Predictor
from ml.commands import paths
print(Predictor.load(paths.base_model()).card.name)
"""
    name = subprocess.run(
        [bin_ / "python", "-c", program],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    assert name == json.loads((ROOT / "models/base/card.json").read_text())["name"]


if __name__ == "__main__":
    main()
