"""A version's worth on PrivateTest, for an experiment that decides nothing by it."""

from pathlib import Path
from typing import Any

from django.conf import settings

from labeling import artefacts
from labeling.models import ModelVersion
from ml import evaluate
from ml.emotions import EMOTIONS
from ml.predictor import Predictor


class Private:
    """PrivateTest, read once: this is research, nothing is decided by it."""

    def __init__(self) -> None:
        self.known: dict[int, dict[str, Any]] = {}
        self.rows, self.leaked = evaluate.exam(
            "private",
            tuple(EMOTIONS),
            fer=Path(str(settings.FER2013)),
            cache=Path(settings.MIEN_DATA) / "cache",
        )

    def measured(self, version: ModelVersion) -> dict[str, Any]:
        if version.pk not in self.known:
            folder = artefacts.fetch(version, names=artefacts.SERVED)
            predictor = Predictor.load(folder)
            figures = evaluate.evaluate(predictor, self.rows, self.leaked)
            kept = {name: figures[name] for name in ("accuracy", "macro_f1", "recall")}
            self.known[version.pk] = {"name": version.name} | kept
        return self.known[version.pk]
