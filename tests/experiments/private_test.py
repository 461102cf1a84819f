"""A version's worth on PrivateTest, for an experiment that decides nothing by it."""

from pathlib import Path
from typing import Any

from django.conf import settings

from labeling.models import ModelVersion
from labeling.registry import model_files
from ml.artefact.predictor import Predictor
from ml.data import splits
from ml.emotions import EMOTIONS
from ml.evaluation import evaluate


class Private:
    """PrivateTest, read once: this is research, nothing is decided by it."""

    def __init__(self) -> None:
        self.known: dict[int, dict[str, Any]] = {}
        self.rows, self.leaked = splits.load_split(
            "private",
            EMOTIONS,
            fer=Path(str(settings.FER2013)),
            cache=Path(settings.MIEN_DATA) / "cache",
        )

    def measured(self, version: ModelVersion) -> dict[str, Any]:
        if version.pk not in self.known:
            folder = model_files.fetch(version, names=model_files.SERVED)
            predictor = Predictor.load(folder)
            figures = evaluate.evaluate(predictor, self.rows, self.leaked).to_json()
            kept = {name: figures[name] for name in ("accuracy", "macro_f1", "recall")}
            self.known[version.pk] = {"name": version.name} | kept
        return self.known[version.pk]
