"""A version as MLflow's ONNX flavour holds it, for `mlflow.onnx.load_model`.

Source: https://mlflow.org/docs/latest/ml/model/.

MLflow itself is needed only to write into a tracking server.
"""

import json
import platform
import shutil
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Literal

from ml.artefact import card as cards
from ml.artefact.answers import OUTPUTS
from ml.artefact.card import Card
from ml.artefact.onnx_session import open_session
from ml.data.arrays import SIDE

Alias = Literal["champion", "challenger"]
MLFLOW_VERSION = "3.0.0"  # whose layout it is
REQUIREMENTS = ("mlflow", "numpy", "onnx", "onnxruntime")


def write(folder: Path, out: Path) -> None:
    """The artefact in `folder`, checked, into the empty folder `out`."""
    card = cards.verify(folder, names=[cards.MODEL])
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / cards.MODEL, out / cards.MODEL)
    shutil.copyfile(folder / cards.CARD, out / cards.CARD)
    (out / "requirements.txt").write_text("\n".join(REQUIREMENTS) + "\n")
    environment = {
        "python": platform.python_version(),
        "dependencies": ["-r requirements.txt"],
    }
    # What is JSON is YAML as well.
    _write_json(out / "python_env.yaml", environment)
    _write_json(out / "MLmodel", _description(card, folder))


def register(out: Path, uri: str, *, name: str, alias: Alias) -> str:
    """Put what `write` wrote into a tracking server's registry, under an alias; its
    number there. Raises ModuleNotFoundError without MLflow."""
    import mlflow
    import onnx

    mlflow.set_tracking_uri(uri)
    card = cards.read(out)
    with mlflow.start_run(run_name=card.name):
        logged = mlflow.onnx.log_model(onnx.load(out / cards.MODEL), name="model")
        mlflow.log_artifact(str(out / cards.CARD))
        for split, figures in card.metrics.items():
            if figures.accuracy is not None:
                mlflow.log_metric(
                    f"{split.replace(':', '_')}_accuracy", figures.accuracy
                )
        number = str(mlflow.register_model(logged.model_uri, name).version)
    mlflow.MlflowClient().set_registered_model_alias(name, alias, number)
    return number


def _description(card: Card, folder: Path) -> dict[str, object]:
    return {
        "flavors": {
            "onnx": {
                "data": cards.MODEL,
                "onnx_version": version_of("onnx"),
                "providers": ["CPUExecutionProvider"],
                "onnx_session_options": None,
                "code": None,
            },
            "python_function": {
                "data": cards.MODEL,
                "env": {"virtualenv": "python_env.yaml"},
                "loader_module": "mlflow.onnx",
                "python_version": platform.python_version(),
            },
        },
        "metadata": {"name": card.name, "emotions": list(card.emotions)},
        "mlflow_version": MLFLOW_VERSION,
        "model_uuid": card.files[cards.MODEL][:32],
        "signature": _signature(card, folder),
        "utc_time_created": card.created.replace("T", " ").split("+")[0],
    }


def _signature(card: Card, folder: Path) -> dict[str, str]:
    known = [output.name for output in open_session(folder / cards.MODEL).get_outputs()]
    k = len(card.emotions)
    shapes = {name: [-1, k] for name in OUTPUTS.values()}
    shapes["evidence"] = [-1, -1, -1, k]
    outputs = [_tensor(name, shapes[name]) for name in known]
    inputs = [_tensor("face", [-1, SIDE, SIDE, 1])]
    return {"inputs": json.dumps(inputs), "outputs": json.dumps(outputs)}


def _tensor(name: str, shape: list[int]) -> dict[str, object]:
    spec = {"dtype": "float32", "shape": shape}
    return {"name": name, "type": "tensor", "tensor-spec": spec}


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n")
