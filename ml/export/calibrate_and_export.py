"""The last steps of a run: calibrate on Tune, export, int8, measure the file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ml.config import Config
from ml.data.arrays import Floats, Rows
from ml.evaluation.evaluate import figures
from ml.export import onnx_export

# Below so few faces of Tune a temperature or an int8 range would be noise.
ENOUGH = 50


@dataclass(frozen=True)
class ExportedModel:
    probabilities: Floats  # of Tune, by the file that ships
    figures: dict[str, Any]
    temperature: float
    threshold: float
    multiply_adds: int
    is_int8: bool


def calibrate_and_export(
    network: Any, config: Config, tune: Rows, out: Path
) -> ExportedModel:
    """Write OUT/model.onnx and say what it does on Tune."""
    temperature = 1.0
    if len(tune) >= ENOUGH:
        raw = onnx_export.served(network, config)
        temperature = onnx_export.best_temperature(answers(raw, tune), tune.labels)
    part, small = out / "float32.part", out / "int8.part"
    onnx_export.to_onnx(
        onnx_export.served(network, config, temperature=temperature), part
    )
    adds = onnx_export.multiply_adds(part, mirror=config.mirror)
    p = (
        onnx_export.run(part, tune.pixels)[0]
        if len(tune)
        else np.zeros((0, 1), np.float32)
    )
    is_int8 = False
    if config.int8 and len(tune) >= ENOUGH:
        faces = tune.pixels[: onnx_export.CALIBRATION, :, :, None].astype(np.float32)
        onnx_export.to_int8(part, small, faces)
        p8 = onnx_export.run(small, tune.pixels)[0]
        is_int8 = accuracy(p8, tune) >= accuracy(p, tune) - onnx_export.TOLERANCE
        p = p8 if is_int8 else p
    (small if is_int8 else part).replace(out / "model.onnx")
    part.unlink(missing_ok=True)
    small.unlink(missing_ok=True)
    return ExportedModel(
        probabilities=p,
        figures=figures(p, tune, config.emotions) if len(tune) else {},
        temperature=temperature,
        threshold=threshold(p, tune) if len(tune) >= ENOUGH else 0.45,
        multiply_adds=adds,
        is_int8=is_int8,
    )


def measure(folder: Path, rows: Rows, emotions: Sequence[str]) -> dict[str, Any]:
    """What the file that ships does on other rows."""
    return figures(
        onnx_export.run(folder / "model.onnx", rows.pixels)[0], rows, emotions
    )


def answers(model: Any, rows: Rows, *, batch: int = 256) -> Floats:
    parts = [
        np.asarray(
            model.predict_on_batch(
                rows.pixels[i : i + batch, :, :, None].astype(np.float32)
            )[0]
        )
        for i in range(0, len(rows), batch)
    ]
    return np.concatenate(parts)


def accuracy(p: Floats, rows: Rows) -> float:
    return float((p.argmax(1) == rows.labels).mean())


def threshold(p: Floats, tune: Rows) -> float:
    """From the raters' majority where votes are at hand: a better truth than labels
    that disagree with it on a third of the faces."""
    clear = tune.majority >= 0
    if clear.sum() >= ENOUGH:
        return onnx_export.certainty_threshold(p[clear], tune.majority[clear])
    return onnx_export.certainty_threshold(p, tune.labels)
