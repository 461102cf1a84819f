"""What `python -m ml` is called with."""

from pathlib import Path

from django.conf import settings

from labeling.models import ModelVersion, TrainingRun
from labeling.registry import model_files, model_versions
from labeling.training import run_options

Arguments = list[str | Path]


def train(run: TrainingRun, folder: Path, parent: ModelVersion | None) -> Arguments:
    """To train a run in `folder`, where its snapshot is, from the version `parent`."""
    knobs = dict(run_options.of(run).set)
    command: Arguments = ["train", folder / "snapshot", folder / "out", "--json"]
    command += ["--preset", run.preset, *fer2013()]
    command += ["--name", model_versions.name_of(run)]
    if parent:
        command += ["--warm-start", model_files.fetch(parent)]
    if "seed" in knobs:
        command += ["--seed", str(knobs.pop("seed"))]
    for name, value in knobs.items():
        command += ["--set", f"{name}={value}"]
    return command


def fer2013() -> Arguments:
    arguments: Arguments = []
    if settings.FER2013:
        arguments += ["--fer2013", settings.FER2013]
        if settings.FERPLUS:
            arguments += ["--ferplus", settings.FERPLUS]
    return arguments
