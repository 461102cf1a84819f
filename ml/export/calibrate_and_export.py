"""The last steps of a run: calibrate on Tune, export, int8, measure the file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ml.artefact.exported_model import ExportedModel
from ml.artefact.figures import SplitFigures
from ml.config import Config
from ml.data.arrays import Floats, Rows
from ml.evaluation.evaluate import figures
from ml.export import calibration, onnx_export

# int8 is kept unless it costs more than this share of Tune's faces.
INT8_TOLERANCE = 0.005


def calibrate_and_export(
    network: Any, config: Config, tune: Rows, out: Path
) -> ExportedModel:
    """Write OUT/model.onnx of a trained Keras network, and what it does on Tune."""
    temperature = calibrate(network, config, tune)
    float32, int8 = out / "float32.part", out / "int8.part"
    served = onnx_export.serving_model(network, config, temperature=temperature)
    onnx_export.to_onnx(served, float32)
    adds = onnx_export.multiply_adds(float32, mirror=config.mirror)
    p = predict(float32, tune)
    is_int8 = False
    if config.int8 and len(tune) >= calibration.ENOUGH:
        onnx_export.to_int8(float32, int8, tune.pixels)
        p8 = predict(int8, tune)
        is_int8 = accuracy(p8, tune) >= accuracy(p, tune) - INT8_TOLERANCE
        p = p8 if is_int8 else p
    (int8 if is_int8 else float32).replace(out / "model.onnx")
    float32.unlink(missing_ok=True)
    int8.unlink(missing_ok=True)
    return ExportedModel(
        probabilities=p,
        figures=figures(p, tune, config.emotions) if len(tune) else None,
        temperature=temperature,
        certainty_threshold=calibration.tune_threshold(p, tune),
        multiply_adds=adds,
        is_int8=is_int8,
    )


def measure(
    shipped: ExportedModel, out: Path, extra: Mapping[str, Rows], config: Config
) -> dict[str, SplitFigures]:
    """Figures of OUT/model.onnx, the file that ships, on Tune and on each extra set."""
    found = {"tune": shipped.figures} if shipped.figures else {}
    for name, rows in extra.items():
        p = predict(out / "model.onnx", rows)
        found[f"extra:{name}"] = figures(p, rows, config.emotions)
    return found


def calibrate(network: Any, config: Config, tune: Rows) -> float:
    """The temperature that fits the network best on Tune; 1 where that is too small."""
    if len(tune) < calibration.ENOUGH:
        return 1.0
    served = onnx_export.serving_model(network, config)
    parts = [
        np.asarray(
            served.predict_on_batch(
                tune.pixels[i : i + 256, :, :, None].astype(np.float32)
            )[0]
        )
        for i in range(0, len(tune), 256)
    ]
    return calibration.best_temperature(np.concatenate(parts), tune.labels)


def predict(model: Path, rows: Rows) -> Floats:
    """Probabilities float32 [n, k] by an ONNX file; [0, 1] without rows."""
    if not len(rows):
        return np.zeros((0, 1), np.float32)
    return onnx_export.predict(model, rows.pixels)[0]


def accuracy(p: Floats, rows: Rows) -> float:
    """Share of rows whose label is the likeliest of probabilities [n, k]."""
    return float((p.argmax(1) == rows.labels).mean())
