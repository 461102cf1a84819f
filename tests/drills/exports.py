"""The base model in each form, read by the programs that it is for.

    python -m tests.drills.exports [FORM…]

Each runs in an environment of its own, without our code: huggingface_hub checks the
card, and the golden faces are asked of ONNX Runtime, MLflow and LiteRT.
"""

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import numpy as np

from ml.artefact import card as cards

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "base"

ASK = """
import json, sys
import numpy as np
folder, faces = sys.argv[1], np.load(sys.argv[2])
{ask}
print(json.dumps(np.asarray(p, float).tolist()))
"""
HUGGINGFACE = """
import onnxruntime
from huggingface_hub import ModelCard
card = ModelCard.load(folder + "/README.md")
assert card.data.eval_results and card.data.pipeline_tag == "image-classification"
labels = json.load(open(folder + "/config.json"))["id2label"]
session = onnxruntime.InferenceSession(folder + "/onnx/model.onnx")
p = session.run(["probabilities"], {"face": faces})[0]
assert p.shape[1] == len(labels)
"""
MLFLOW = """
import mlflow
model = mlflow.pyfunc.load_model(folder)
assert model.metadata.metadata["emotions"]
p = model.predict({"face": faces})["probabilities"]
"""
LITERT = """
from ai_edge_litert.interpreter import Interpreter
runner = Interpreter(folder + "/model.tflite").get_signature_runner()
(name,) = runner.get_input_details()
out = runner(**{name: faces})
k = json.load(open(folder + "/card.json"))["emotions"]
mixes = [v for v in out.values() if v.ndim == 2 and v.shape[1] == len(k)]
card = json.load(open(folder + "/card.json"))["golden"]["probabilities"]
p = min(mixes, key=lambda v: abs(v - np.array(card)).max())
"""
REGISTER = """
import mlflow, sys
mlflow.set_tracking_uri(sys.argv[1])
print(mlflow.MlflowClient().get_model_version_by_alias("mien", "champion").version)
"""
FORMS = {
    "huggingface": (HUGGINGFACE, ["huggingface_hub", "onnxruntime"], 1e-3),
    "mlflow": (MLFLOW, ["mlflow", "onnx", "onnxruntime"], 1e-3),
    "tflite": (LITERT, ["ai-edge-litert"], cards.GOLDEN_TOLERANCE),
}


def main() -> None:
    for form in sys.argv[1:] or FORMS:
        with tempfile.TemporaryDirectory() as name:
            try_form(form, Path(name))
        print(f"exports: {form} answers the golden faces as the card says")


def try_form(form: str, folder: Path) -> None:
    ask, needed, tolerance = FORMS[form]
    out, faces = folder / "out", folder / "faces.npy"
    command = [sys.executable, "-m", "ml", "export", MODEL, out, "--form", form]
    subprocess.run(command, check=True, cwd=ROOT)
    np.save(faces, cards.golden_faces())
    python = _environment(folder, needed)
    said = _run(python, ASK.format(ask=ask), out, faces)
    card = cards.read(MODEL)
    gap = np.abs(np.array(json.loads(said)) - np.array(card.golden.probabilities)).max()
    assert gap <= tolerance, f"{form}: {gap}"
    if form == "mlflow":
        _register(python, folder)


def _environment(folder: Path, needed: list[str]) -> Path:
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*install, *needed], check=True)
    return python


def _register(python: Path, folder: Path) -> None:
    """`--register` with an MLflow, which is none of ours: `ml` comes as a wheel."""
    install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*install, ROOT], check=True)
    uri = f"sqlite:///{folder}/mlflow.db"
    words = ["-m", "ml", "export", MODEL, folder / "again", "--form", "mlflow"]
    subprocess.run(
        [python, *words, "--register", "mien", "--alias", "champion"],
        check=True,
        cwd=folder,
        env={"MLFLOW_TRACKING_URI": uri, "PATH": "/usr/bin:/bin", "HOME": str(folder)},
    )
    assert _run(python, REGISTER, uri).strip() == "1"


def _run(python: Path, program: str, *words: object) -> str:
    done = subprocess.run(
        [python, "-c", program, *map(str, words)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()[-1]


if __name__ == "__main__":
    main()
