"""What a run needs to go on after a kill, written whole or not at all.

NumPy arrays, so that no backend's own format stands between: a run may be taken up
by another machine.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ml.training_events import EpochFigures

VALUES = "variables.npz"
STATE = "state.json"


def save(folder: Path, variables: list[Any], history: list[EpochFigures]) -> None:
    """Replace `folder` by a checkpoint of `variables` (Keras variables) and of what
    the epochs so far were like."""
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    arrays = {
        f"v{i:04d}": keras.ops.convert_to_numpy(v.value)
        for i, v in enumerate(variables)
    }
    np.savez(part / VALUES, **arrays)
    state = {"history": [epoch.model_dump() for epoch in history]}
    (part / STATE).write_text(json.dumps(state))
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    part.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def load(folder: Path, variables: list[Any]) -> list[EpochFigures]:
    """Put the checkpoint's arrays into `variables`; returns the epochs so far, none
    where there is no checkpoint."""
    folder = _complete(folder)
    if not (folder / STATE).exists():
        return []
    with np.load(folder / VALUES) as arrays:
        names = sorted(arrays.files)
        if len(names) != len(variables):
            raise ValueError("the checkpoint belongs to another network")
        for name, variable in zip(names, variables, strict=True):
            variable.assign(arrays[name])
    state = json.loads((folder / STATE).read_text())
    return [EpochFigures.model_validate(epoch) for epoch in state["history"]]


def _complete(folder: Path) -> Path:
    """A kill between the two renames of `save` leaves only the older one."""
    old = folder.with_name(folder.name + ".old")
    return old if old.exists() and not folder.exists() else folder
