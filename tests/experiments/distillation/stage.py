"""One stage: a network trained for some minutes, and what it answers so far.

A stage goes on where the last one of its folder stopped, so a long run is the same
command given again. Whatever time there was, it leaves `answers.npz` (the network's
logits for every face, float16, which teach the next one), `model.keras` and figures.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from ml.config import Config
from ml.data.arrays import Floats, Mask
from ml.training import checkpoints, optimizer, reparameterisation, torch_patches
from ml.training_events import EpochFigures
from tests.experiments.distillation import device_batches, teacher_networks
from tests.experiments.distillation.faces_file import Faces

SAVE_EVERY = 10  # epochs; the large ones take a second to write
AT_ONCE = 256  # faces answered
STATISTICS_FACES = 8000


@dataclass(frozen=True)
class Task:
    """A network, by name, that sees faces of `side` pixels; `teachers` are folders of
    stages, whose mean answers make up `config.distil` of its targets."""

    config: Config
    side: int
    teachers: tuple[Path, ...] = ()
    start: Path | None = None  # a model.keras


def run(
    task: Task, faces: Faces, out: Path, *, minutes: float, say: Callable[[str], None]
) -> bool:
    """Train until the epochs or the minutes are over; whether all epochs are done."""
    deadline = time.monotonic() + 60 * minutes
    keras.utils.set_random_seed(task.config.seed)
    torch_patches.apply()
    model = prepare(task)
    pixels = device_batches.on_device(faces.pixels)
    learned = ops.take(pixels, np.flatnonzero(~faces.is_tune), axis=0)
    targets = make_targets(task, faces)[~faces.is_tune]
    is_done = train(model, task, learned, targets, out, deadline=deadline, say=say)
    finish(model, task, learned, targets)
    logits = answers(model, task, pixels)
    np.savez(out / "answers.npz", logits=logits.astype(np.float16))
    say(json.dumps(tune_figures(logits, faces)))
    plain(model, task, faces).save(out / "model.keras")
    (out / "config.json").write_text(json.dumps(task.config.to_json()))
    return is_done


def train(
    model: keras.Model,
    task: Task,
    faces: Any,
    targets: Floats,
    out: Path,
    *,
    deadline: float,
    say: Callable[[str], None],
) -> bool:
    """Epochs from the last checkpoint on, until all are done (then True) or another one
    might end after the deadline."""
    state = optimizer.state_variables(model)
    history = checkpoints.load(out / "checkpoint", state)
    longest = 0.0  # of the epochs so far; half of one is left for the answers
    while len(history) < task.config.epochs:
        began = time.monotonic()
        if began + 1.5 * longest > deadline:
            break
        history.append(train_epoch(model, task, faces, targets, len(history)))
        seconds = time.monotonic() - began
        longest = max(longest, seconds)
        say(
            f"epoch {len(history)}/{task.config.epochs}: loss {history[-1].loss:.3f}, "
            f"{seconds:.1f} s, {len(targets) / seconds:.0f} faces a second"
        )
        if len(history) % SAVE_EVERY == 0:
            checkpoints.save(out / "checkpoint", state, history)
    checkpoints.save(out / "checkpoint", state, history)
    return len(history) >= task.config.epochs


def prepare(task: Task) -> keras.Model:
    """The network to train, in bfloat16 where there is a GPU."""
    keras.mixed_precision.set_global_policy(
        "mixed_bfloat16" if has_gpu() else "float32"
    )
    model = build(task)
    keras.mixed_precision.set_global_policy("float32")
    if task.start is not None:
        started = keras.saving.load_model(task.start, compile=False)
        model.set_weights(started.get_weights())
    if task.config.branches:
        model = reparameterisation.expand(model)
    optimizer.compile_model(model, task.config)
    return model


def build(task: Task) -> keras.Model:
    config = task.config
    return teacher_networks.build(
        config.network, len(config.emotions), dropout=config.dropout
    )


def has_gpu() -> bool:
    """Whether the backend computes on one."""
    if keras.backend.backend() == "torch":
        import torch

        return bool(torch.cuda.is_available())
    return any("gpu" in name for name in keras.distribution.list_devices())


def make_targets(task: Task, faces: Faces) -> Floats:
    """What each face should give, float32 [n, 2, k]; Tune's rows count for nothing."""
    targets, smooth = faces.targets.copy(), task.config.label_smoothing
    targets[:, 0] = (1 - smooth) * targets[:, 0] + smooth / targets.shape[-1]
    if task.teachers and task.config.distil:
        taught = teachers_mean(task.teachers)
        targets = (1 - task.config.distil) * targets + task.config.distil * taught
    return targets.astype(np.float32)


def teachers_mean(teachers: Sequence[Path]) -> Floats:
    """The mean of their probabilities, float32 [n, 2, k]."""
    kept = [np.load(folder / "answers.npz")["logits"] for folder in teachers]
    return np.mean([softmax(logits.astype(np.float32)) for logits in kept], axis=0)


def softmax(logits: Floats) -> Floats:
    """Over the last axis."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True), np.float32)


def train_epoch(
    model: keras.Model, task: Task, faces: Any, targets: Floats, epoch: int
) -> EpochFigures:
    """One pass over the faces."""
    config = task.config
    rate = optimizer.learning_rate(config, epoch)
    steps = max(1, len(targets) // config.batch)
    losses = []
    source = device_batches.batches(
        faces, targets, config, task.side, epoch, mixed=rate > config.rate / 3
    )
    for step, (x, y) in enumerate(source):
        rate = optimizer.learning_rate(config, epoch + step / steps)
        model.optimizer.learning_rate.assign(rate)
        logs = model.train_on_batch(x, y, return_dict=True)
        losses.append((float(logs["loss"]), float(logs["categorical_accuracy"])))
    loss, accuracy = (round(float(v), 4) for v in np.mean(losses, axis=0))
    return EpochFigures(
        epoch=epoch + 1, epochs=config.epochs, loss=loss, accuracy=accuracy, rate=rate
    )


def finish(model: keras.Model, task: Task, faces: Any, targets: Floats) -> None:
    """Averaged weights, and the statistics of batch normalisation for them, as at the
    end of ml/training/training_loop.py."""
    if task.config.ema:
        model.optimizer.finalize_variable_values(model.trainable_variables)
    seen = 0
    for epoch in range(task.config.epochs, task.config.epochs + 8):
        for x, _y in device_batches.batches(
            faces, targets, task.config, task.side, epoch, mixed=False
        ):
            model(x, training=True)
            seen += len(x)
            if seen >= STATISTICS_FACES:
                return


def answers(model: keras.Model, task: Task, pixels: Any) -> Floats:
    """Logits float32 [n, 2, k], the mean over both looks."""
    parts = []
    for i in range(0, len(pixels), AT_ONCE):
        x = ops.cast(pixels[i : i + AT_ONCE], "float32")
        looks = device_batches.looks(x, task.config, task.side)
        said = [model.predict_on_batch(look) for look in looks]
        parts.append(np.mean([ops.convert_to_numpy(s) for s in said], axis=0))
    return np.concatenate(parts).astype(np.float32)


def plain(model: keras.Model, task: Task, faces: Faces) -> keras.Model:
    """The network as it is served, in float32."""
    network = build(task)
    if task.config.branches:
        margin = (faces.pixels.shape[1] - task.side) // 2
        some = faces.pixels[:128, margin:, margin:][:, : task.side, : task.side]
        reparameterisation.fold(model, network, some)
    else:
        network.set_weights(model.get_weights())
    return network


def tune_figures(logits: Floats, faces: Faces) -> dict[str, float]:
    """Shares of Tune: each head by its own truth, and the label head's mean recall."""
    p, here = softmax(logits)[faces.is_tune], faces.is_tune
    labels, majority = faces.labels[here], faces.majority[here]
    label, votes = p.argmax(-1).T
    recall = [_share((label == e)[labels == e]) for e in np.unique(labels)]
    figures = {
        "label_head": _share(label == labels),
        "votes_head": _share((votes == majority)[majority >= 0]),
        "balanced": float(np.mean(recall)) if recall else 0.0,
    }
    return {name: round(value, 4) for name, value in figures.items()}


def _share(right: Mask) -> float:
    return float(right.mean()) if len(right) else 0.0
