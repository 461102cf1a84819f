"""Train a network: rows in, `model.keras` and a history out. Plain Keras 3."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ml.config import Config
from ml.data.arrays import Bytes, Floats, Rows
from ml.errors import BadInput
from ml.export import multi_view
from ml.training import augmentation, checkpoints, networks, torch_patches

Event = dict[str, Any]
Tell = Callable[[Event], None]

STATISTICS = 8000  # faces that batch normalisation is measured on at the end


def rate_at(config: Config, epoch: float) -> float:
    """Learning rate at a moment of the run, in epochs: warm-up, plateau, straight down
    to 0. A plateau leaves the end open: a run may be lengthened or ended early."""
    warm = min(1.0, (epoch + 1e-3) / max(config.warm_up, 1e-3))
    left = (config.epochs - epoch) / max(config.decay * config.epochs, 1e-3)
    return config.rate * min(warm, 1.0, max(left, 0.0))


def train(
    config: Config,
    rows: Rows,
    tune: Rows,
    out: Path,
    *,
    tell: Tell,
    start: keras.Model | None = None,
    teachers: Sequence[keras.Model] = (),
    resume: bool = False,
) -> tuple[keras.Model, list[Event]]:
    """The trained network in float32, with averaged weights, and one event an epoch.
    Leaves OUT/checkpoint behind, fresh after every epoch. `teachers` are whose answers
    `config.distil` mixes into the targets; without any it is `start`."""
    keras.utils.set_random_seed(config.seed)
    torch_patches.repair()
    mixed = precision(config) == "mixed_bfloat16"
    keras.mixed_precision.set_global_policy(precision(config))
    try:
        model = compiled(config, start)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    folder = out / "checkpoint"
    history: list[Event] = []
    if resume and checkpoints.exists(folder):
        history = checkpoints.load(folder, everything(model))["history"]
    is_over = len(history) >= config.epochs  # taken up to be exported: nobody teaches
    own = [start] if start is not None else []
    targets = targets_of(config, rows, [] if is_over else teachers or own)
    tell({"event": "start", "epochs": config.epochs, "rows": len(rows)}
         | {"tune_rows": len(tune), "mixed_bfloat16": mixed})  # fmt: skip
    clock = Clock(config, len(rows), len(history))
    for epoch in range(len(history), config.epochs):
        figures = one_epoch(model, config, rows, targets, epoch, clock, tell)
        figures |= tune_figures(model, config, tune)
        event = {"event": "epoch", "epoch": epoch + 1, "epochs": config.epochs}
        event |= figures | {"rate": round(rate_at(config, epoch + 1), 5)}
        history.append(event)
        checkpoints.save(folder, everything(model), {"history": history})
        tell(event | {"seconds_left": clock.left(), "checkpoint": str(folder)})
    if config.ema and history:  # no epochs at all: to be exported as it is
        model.optimizer.finalize_variable_values(model.trainable_variables)
        renew_statistics(model, config, rows, targets)
    return in_float32(model, config), history


def compiled(config: Config, start: keras.Model | None) -> keras.Model:
    model = networks.build(
        config.network,
        len(config.emotions),
        heads=config.heads,
        dropout=config.dropout,
        weights=config.weights if start is None else "none",
    )
    if start is not None:
        model.set_weights(start.get_weights())
    optimizer = make_optimizer(config)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    optimizer.build(model.trainable_variables)
    model.compile(
        optimizer,
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["categorical_accuracy"],
        jit_compile=keras.backend.backend() == "jax",  # slower under TensorFlow
    )
    return model


def make_optimizer(config: Config) -> keras.Optimizer:
    common: dict[str, Any] = {
        "weight_decay": config.weight_decay or None,
        "use_ema": bool(config.ema),
        "ema_momentum": config.ema or 0.99,
    }
    if config.optimizer == "adam":
        return keras.optimizers.Adam(config.rate, **common)
    if config.optimizer != "sgd":
        raise BadInput(f"no optimizer {config.optimizer!r}; there are sgd and adam")
    return keras.optimizers.SGD(
        config.rate, momentum=config.momentum, nesterov=True, **common
    )


def one_epoch(
    model: keras.Model,
    config: Config,
    rows: Rows,
    targets: Floats,
    epoch: int,
    clock: "Clock",
    tell: Tell,
) -> Event:
    mixup = rate_at(config, epoch) > config.rate / 3
    source = augmentation.batches(rows, targets, config, epoch, mixup=mixup)
    seen: list[tuple[float, float]] = []
    began, waited = time.monotonic(), 0.0
    ready = augmentation.ahead(source)
    for step in range(clock.steps):
        asked = time.monotonic()
        x, y, w = next(ready)
        waited += time.monotonic() - asked
        rate = rate_at(config, epoch + step / clock.steps)
        model.optimizer.learning_rate.assign(rate)
        logs = model.train_on_batch(x, y, sample_weight=w[:, None], return_dict=True)
        seen.append((float(logs["loss"]), float(logs["categorical_accuracy"])))
        clock.tick()
        if clock.due():
            tell({"event": "step", "progress": clock.progress()}
                 | {"seconds_left": clock.left()})  # fmt: skip
    loss, accuracy = np.mean(seen, axis=0)
    # The share of its time in which the network did not wait for batches: what it
    # reaches of the speed it would have on ready-made arrays.
    pipeline = 1 - waited / max(time.monotonic() - began, 1e-9)
    figures = {"loss": float(loss), "accuracy": float(accuracy), "pipeline": pipeline}
    return {name: round(value, 4) for name, value in figures.items()}


def renew_statistics(
    model: keras.Model, config: Config, rows: Rows, targets: Floats
) -> None:
    """Batch normalisation measured again, for the averaged weights: what was gathered
    under the raw ones is wrong for them (56 against 78 % on Tune, in mid-plateau)."""
    for epoch in range(config.epochs, config.epochs + 8):
        batches = augmentation.batches(rows, targets, config, epoch, mixup=False)
        for step, (x, _y, _w) in enumerate(augmentation.ahead(batches), 1):
            model(x, training=True)
            if step * config.batch >= STATISTICS:
                return


def targets_of(config: Config, rows: Rows, teachers: Sequence[keras.Model]) -> Floats:
    """What each face should give, [n, heads, k]: labels smoothed, votes as they are;
    with one head their mix; beside them, where asked for, the teachers' answers."""
    label = augmentation.smooth(rows.targets[:, 0], config.label_smoothing)
    votes = rows.targets[:, 1]
    if config.heads == 2:
        targets = np.stack([label, votes], 1)
    else:
        mixed = (1 - config.votes_share) * label + config.votes_share * votes
        targets = mixed[:, None]
    if config.distil and teachers:
        looks = multi_view.of(rows.pixels, config)  # as served
        asked = [in_precision(who, precision(config)) for who in teachers]
        said = [softmax(logits(who, look)) for who in asked for look in looks]
        targets = (1 - config.distil) * targets + config.distil * np.mean(said, axis=0)
    return targets.astype(np.float32)


def tune_figures(model: keras.Model, config: Config, tune: Rows) -> Event:
    """Loss and accuracy on Tune: by the label, and each head by its own truth."""
    if not len(tune):
        return {"tune_loss": None, "tune_accuracy": None}
    heads = softmax(logits(model, multi_view.centre(tune.pixels, config.size)))
    p = mix(heads, config.votes_share)
    right = p[np.arange(len(tune)), tune.labels]
    clear = tune.majority >= 0
    figures = {
        "tune_loss": float(-np.log(np.maximum(right, 1e-7)).mean()),
        "tune_accuracy": float((p.argmax(1) == tune.labels).mean()),
        "tune_label_head": float((heads[:, 0].argmax(1) == tune.labels).mean()),
    }
    if clear.any():
        said, truth = heads[clear, -1].argmax(1), tune.majority[clear]
        figures["tune_votes_head"] = float((said == truth).mean())
        said = p[clear].argmax(1)
        figures["tune_votes"] = float((said == truth).mean())
    return {name: round(value, 4) for name, value in figures.items()}


def logits(model: keras.Model, pixels: Bytes, *, batch: int = 256) -> Floats:
    """[n, heads, k] for faces uint8 [n, s, s]."""
    parts = [
        keras.ops.convert_to_numpy(
            model.predict_on_batch(pixels[i : i + batch, :, :, None].astype(np.float32))
        )
        for i in range(0, len(pixels), batch)
    ]
    return np.concatenate(parts).astype(np.float32)


def softmax(values: Floats) -> Floats:
    e = np.exp(values - values.max(-1, keepdims=True))
    return np.asarray(e / e.sum(-1, keepdims=True), np.float32)


def mix(heads: Floats, share: float) -> Floats:
    """[n, heads, k] probabilities -> [n, k]: `share` of the answer from the votes."""
    if heads.shape[1] == 1:
        return heads[:, 0]
    return (1 - share) * heads[:, 0] + share * heads[:, 1]


def in_float32(model: keras.Model, config: Config) -> keras.Model:
    """The same network outside mixed precision, which ONNX Runtime refuses."""
    whole = networks.build(
        config.network, len(config.emotions), heads=config.heads, dropout=0.0
    )
    whole.set_weights(model.get_weights())
    return whole


def in_precision(network: keras.Model, policy: str) -> keras.Model:
    """The same network computing under another dtype policy, but for its logits: a
    teacher answers several times as fast in bfloat16, where the CPU knows it."""

    def under(layer: keras.Layer) -> keras.Layer:
        knobs = layer.get_config()
        if "dtype" in knobs and layer.name != "logits":
            knobs["dtype"] = policy
        return type(layer).from_config(knobs)

    twin = keras.models.clone_model(network, clone_function=under)
    twin.set_weights(network.get_weights())
    return twin


def precision(config: Config) -> str:
    if config.precision != "auto":
        return config.precision
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return "float32"
    fast = "avx512_bf16" in flags or "amx_bf16" in flags
    return "mixed_bfloat16" if fast else "float32"


def everything(model: keras.Model) -> list[Any]:
    return [*model.variables, *model.optimizer.variables]


class Clock:
    """How far the run is and how long it still takes, from its own recent speed."""

    def __init__(self, config: Config, rows: int, epochs_done: int) -> None:
        self.steps = max(1, rows // config.batch)
        self.total = self.steps * config.epochs
        self.done = self.steps * epochs_done
        self.first, self.began = self.done, time.monotonic()
        self.told = 0.0

    def tick(self) -> None:
        self.done += 1

    def due(self) -> bool:
        now = time.monotonic()
        if now - self.told < 1.0:
            return False
        self.told = now
        return True

    def progress(self) -> float:
        return round(self.done / self.total, 4)

    def left(self) -> float:
        pace = (time.monotonic() - self.began) / max(1, self.done - self.first)
        return round(pace * (self.total - self.done), 1)
