"""The last steps of a run: calibrate on Tune, export, int8, measure the file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ml.artefact.answers import ANSWERS, HEADS, Answer
from ml.artefact.card import AnswerFacts
from ml.artefact.exported_model import ExportedModel, MeasuredAnswer
from ml.artefact.figures import SplitFigures
from ml.config import Config
from ml.data.arrays import Floats, Ints, Rows
from ml.evaluation.compare import mcnemar
from ml.evaluation.evaluate import figures
from ml.export import calibration, onnx_export

# int8 is kept unless it costs more than this share of Tune's faces, and is shown to: of
# few faces it takes one or two and gives others by chance.
INT8_TOLERANCE = 0.005
SHOWN = 0.05


def calibrate_and_export(
    network: Any, config: Config, train: Rows, tune: Rows, out: Path
) -> ExportedModel:
    """Write OUT/model.onnx of a trained Keras network, and what it does on Tune.

    The ranges of int8 are set on Tune, or where that is too small, as on a site of few
    faces without FER-2013, on what the network has learned from.
    """
    temperatures = calibrate(network, config, tune)
    float32, int8 = out / "float32.part", out / "int8.part"
    served = onnx_export.serving_model(network, config, temperatures)
    onnx_export.to_onnx(served, float32)
    adds = onnx_export.multiply_adds(float32, mirror=config.mirror)
    said = predict(float32, tune)
    is_int8 = False
    faces = tune if len(tune) >= calibration.ENOUGH else train
    if config.int8 and len(faces) >= calibration.ENOUGH:
        onnx_export.to_int8(float32, int8, faces.pixels)
        said8 = predict(int8, tune)
        is_int8 = not costs_faces(said["mix"], said8["mix"], tune.labels)
        said = said8 if is_int8 else said
    (int8 if is_int8 else float32).replace(out / "model.onnx")
    float32.unlink(missing_ok=True)
    int8.unlink(missing_ok=True)
    answers = {
        answer: MeasuredAnswer(
            probabilities=said[answer],
            figures=figures(said[answer], tune, config.emotions) if len(tune) else None,
            temperature=temperature,
            certainty_threshold=calibration.tune_threshold(said[answer], tune, answer),
        )
        for answer, temperature in temperatures.items()
    }
    return ExportedModel(answers=answers, multiply_adds=adds, is_int8=is_int8)


def measure(
    shipped: ExportedModel, out: Path, extra: Mapping[str, Rows], config: Config
) -> dict[Answer, AnswerFacts]:
    """Of each answer of OUT/model.onnx, the file that ships, how it is calibrated and
    its figures on Tune and on each extra set."""
    metrics: dict[Answer, dict[str, SplitFigures]] = {
        answer: {"tune": on_tune.figures} if on_tune.figures else {}
        for answer, on_tune in shipped.answers.items()
    }
    for name, rows in extra.items():
        said = predict(out / "model.onnx", rows)
        for answer, found in metrics.items():
            found[f"extra:{name}"] = figures(said[answer], rows, config.emotions)
    return {
        answer: on_tune.facts(metrics[answer])
        for answer, on_tune in shipped.answers.items()
    }


def calibrate(network: Any, config: Config, tune: Rows) -> dict[Answer, float]:
    """For each answer that the network has, the temperature that fits it best on Tune;
    1 where that is too small."""
    served = onnx_export.serving_model(network, config)
    own: list[Answer] = ["mix", *HEADS] if len(served.outputs) > 2 else ["mix"]
    if len(tune) < calibration.ENOUGH:
        return dict.fromkeys(own, 1.0)
    parts = [
        served.predict_on_batch(tune.pixels[i : i + 256, :, :, None].astype(np.float32))
        for i in range(0, len(tune), 256)
    ]
    mix, _evidence, *of_heads = (
        np.concatenate([np.asarray(said) for said in output])
        for output in zip(*parts, strict=True)
    )
    return {
        answer: calibration.tune_temperature(p, tune, answer)
        for answer, p in zip(own, [mix, *of_heads], strict=True)
    }


def predict(model: Path, rows: Rows) -> Mapping[Answer, Floats]:
    """Each answer's probabilities float32 [n, k] by an ONNX file; [0, 1] without
    rows."""
    if not len(rows):
        return dict.fromkeys(ANSWERS, np.zeros((0, 1), np.float32))
    return onnx_export.predict(model, rows.pixels).answers


def costs_faces(before: Floats, after: Floats, labels: Ints) -> bool:
    """Whether the second of two sets of probabilities [n, k] is shown to be right on
    fewer faces of these labels [n], by more than INT8_TOLERANCE."""
    was, now = (p.argmax(1) == labels for p in (before, after))
    lost, won = int((was & ~now).sum()), int((now & ~was).sum())
    if lost - won <= INT8_TOLERANCE * len(labels):
        return False
    return mcnemar(lost, won, alternative="greater") < SHOWN
