"""Made training data, in the files of FER-2013, of FER+ and of snapshots."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from ml.emotions import EMOTIONS
from tests.support import tiny_model

USAGES = ("Training", "PublicTest", "PrivateTest")


def faces(n: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """uint8 [n, 48, 48] and labels [n], the emotions in turn: stripes whose width tells
    the emotion, which a small network learns in seconds, mirrored and shifted too."""
    labels = np.arange(n) % len(EMOTIONS)
    return np.stack([_stripes(e, seed + i) for i, e in enumerate(labels)]), labels


def _stripes(label: int, seed: int) -> np.ndarray:
    random = np.random.default_rng([seed, label])
    wave = np.sin(np.arange(48) * 2 * np.pi / (3 + 2 * label) + random.uniform(0, 6))
    pixels = 120 + 60 * np.sign(wave)[:, None] + random.normal(0, 12, (48, 48))
    return np.clip(pixels, 0, 255).astype(np.uint8)


def bands(n: int) -> tuple[np.ndarray, np.ndarray]:
    """As `faces`, but of the kind that tiny_model.py's artefacts can read."""
    labels = np.arange(n) % len(EMOTIONS)
    return np.stack(
        [tiny_model.face(EMOTIONS[e], seed=i) for i, e in enumerate(labels)]
    ), (labels)


def line(label: int, pixels: np.ndarray, usage: str = "Training") -> str:
    return f"{label},{' '.join(map(str, pixels.ravel()))},{usage}"


def fer2013(
    path: Path, *, train: int = 70, public: int = 14, private: int = 14
) -> Path:
    """A small CSV of FER-2013's form, packed as the path's ending says."""
    rows = ["emotion,pixels,Usage"]
    for seed, (n, usage) in enumerate(
        zip((train, public, private), USAGES, strict=True)
    ):
        pixels, labels = faces(n, seed=1000 * seed)
        rows += [line(e, p, usage) for e, p in zip(labels, pixels, strict=True)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n")
    return path


def ferplus(path: Path, usages: list[str], labels: np.ndarray) -> Path:
    """Votes that agree with the labels, eight of ten."""
    columns = ["anger", "disgust", "fear", "happiness", "sadness", "surprise"]
    columns += ["neutral", "contempt", "unknown", "NF"]
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["Usage", "Image name", *columns])
        for i, (usage, label) in enumerate(zip(usages, labels, strict=False)):
            votes = np.zeros(10, int)
            votes[label], votes[8] = 8, 2
            out.writerow([usage, f"fer{i:07}.png", *votes])
    return path


def snapshot(folder: Path, *, train: int = 0, exam: int = 0) -> Path:
    """A snapshot without FER-2013, in two shards: stripes to learn from, bands as exam
    for ready-made artefacts."""
    folder.mkdir(parents=True)
    shards = []
    for number, (n, split) in enumerate(((train, "train"), (exam, "exam"))):
        if not n:
            continue
        pixels, labels = bands(n) if split == "exam" else faces(n, seed=5000 + number)
        table = {
            "id": [f"{split}{i}" for i in range(n)],
            "pixels": [p.tobytes() for p in pixels],
            "label": np.eye(len(EMOTIONS), dtype=np.float32)[labels].tolist(),
            "weight": pa.array([1.0] * n, pa.float32()),
            "split": [split] * n,
            "source": ["site"] * n,
        }
        shards.append(f"rows-{number:05}.parquet")
        parquet.write_table(pa.table(table), folder / shards[-1])
    manifest = {
        "format": 1,
        "hash": "0" * 64,
        "emotions": list(EMOTIONS),
        "fer2013": None,
        "rows": train,
        "exam_rows": exam,
        "shards": shards,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder
