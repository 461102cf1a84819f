"""Forms that others read; `tests/drills/exports.py` reads them with their programs."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from ml import __main__ as ml
from ml.artefact import card as cards
from ml.emotions import EMOTIONS
from tests.support import tiny_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    tiny_model.make_artefact(tmp_path / "model")
    return tmp_path / "model"


def export(model: Path, form: str, *more: str) -> Path:
    out = model.parent / form
    assert ml.main(["export", str(model), str(out), "--form", form, *more]) == 0
    return out


def test_for_hugging_face_the_labels_stand_beside_the_model(model: Path) -> None:
    out = export(model, "huggingface")
    config = json.loads((out / "config.json").read_text())
    assert [config["id2label"][str(n)] for n in range(7)] == list(EMOTIONS)
    session = onnxruntime.InferenceSession(str(out / "onnx" / "model.onnx"))
    (said,) = session.run(["probabilities"], {"face": cards.golden_faces()})
    expected = cards.read(model).golden.probabilities
    assert np.abs(said - np.array(expected)).max() < cards.GOLDEN_TOLERANCE
    assert (
        (out / "README.md").read_text().startswith("---\nlibrary_name: onnxruntime\n")
    )


def test_for_mlflow_it_tells_what_goes_in_and_out(model: Path) -> None:
    out = export(model, "mlflow")
    described = json.loads((out / "MLmodel").read_text())
    assert (out / described["flavors"]["onnx"]["data"]).is_file()
    inputs = json.loads(described["signature"]["inputs"])
    assert inputs[0]["tensor-spec"]["shape"] == [-1, 48, 48, 1]
    outputs = json.loads(described["signature"]["outputs"])
    assert outputs[0]["name"] == "probabilities"


def test_nothing_is_written_over_and_a_registry_needs_its_address(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    out = export(model, "huggingface")
    again = ["export", str(model), str(out), "--form", "huggingface"]
    assert ml.main(again) == 3
    assert "not an empty folder" in capsys.readouterr().err
    register = ["--form", "mlflow", "--register", "mien"]
    assert ml.main(["export", str(model), str(out) + "2", *register]) == 3
    assert "MLFLOW_TRACKING_URI" in capsys.readouterr().err


def test_a_damaged_model_is_not_handed_on(model: Path) -> None:
    (model / "model.onnx").write_bytes(b"damaged")
    out = model.parent / "out"
    assert ml.main(["export", str(model), str(out), "--form", "huggingface"]) == 3
    assert not out.exists()
