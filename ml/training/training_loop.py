"""Train a network: rows in, `model.keras` and a history out. Plain Keras 3."""

import time
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from scipy.special import softmax

from ml.config import Config
from ml.data.arrays import Bytes, Floats, Rows
from ml.export import multi_view
from ml.training import (
    augmentation,
    checkpoints,
    networks,
    reparameterisation,
    torch_patches,
)
from ml.training.optimizer import (
    compile_model,
    learning_rate,
    rarity_offsets,
    state_variables,
)
from ml.training.strategies import Strategy, TrainStep
from ml.training_events import Epoch, EpochFigures, EventHandler, Start, Step

Figures = dict[str, float | None]  # some of EpochFigures'
Teacher = tuple[keras.Model, Config]

BATCH_NORM_FACES = 8000  # that its statistics are measured on at the end
BRANCH_FACES = 128  # that folded ones are


def train(
    config: Config,
    rows: Rows,
    tune: Rows,
    out: Path,
    *,
    on_event: EventHandler,
    start: keras.Model | None = None,
    teachers: Sequence[Teacher] = (),
    resume: bool = False,
    strategy: Strategy | None = None,
) -> tuple[keras.Model, list[EpochFigures]]:
    """The trained network in float32, with averaged weights, and one event an epoch.
    Leaves OUT/checkpoint behind, fresh after every epoch. `teachers` are whose answers
    `config.distil` mixes into the targets. Of several processes the chief alone
    measures, writes and returns the finished network."""
    strategy = strategy or Strategy()
    keras.utils.set_random_seed(config.seed)
    torch_patches.apply()
    with strategy.scope():
        model = compile_network(config, start, rarity_offsets(rows.labels, config))
    strategy.check(config, rows)
    folder = out / "checkpoint"
    history = checkpoints.load(folder, state_variables(model)) if resume else []
    done = strategy.share_state(state_variables(model), len(history))
    is_over = done >= config.epochs  # resumed only to be exported
    targets = make_targets(config, rows, [] if is_over else teachers)
    on_event(start_event(config, rows, tune))
    plain = strategy.plain(model)
    progress = Progress(config, len(rows), done)
    train_step = strategy.step(model)
    for epoch in range(done, config.epochs):
        figures = train_epoch(
            train_step, config, rows, targets, epoch, progress, on_event
        )
        if not strategy.is_chief:
            continue
        figures |= measure_tune(plain, config, tune)
        figures |= {"rate": round(learning_rate(config, epoch + 1), 5)}
        number = {"epoch": epoch + 1, "epochs": config.epochs}
        history.append(EpochFigures.model_validate(number | figures))
        checkpoints.save(folder, state_variables(model), history)
        left = progress.seconds_left()
        on_event(Epoch.of(history[-1], seconds_left=left, checkpoint=str(folder)))
    if history:  # without any epoch it is exported as it is
        average_weights(model, config, rows, targets)
    if config.branches:
        plain = without_branches(plain, config, rows)
    return networks.with_dtype_policy(plain, "float32"), history


def start_event(config: Config, rows: Rows, tune: Rows) -> Start:
    """What a run tells of itself before its first epoch."""
    return Start(
        epochs=config.epochs,
        rows=len(rows),
        tune_rows=len(tune),
        mixed_bfloat16=dtype_policy(config) == "mixed_bfloat16",
    )


def compile_network(
    config: Config, start: keras.Model | None, offsets: Floats | None = None
) -> keras.Model:
    """A network to train under the config's dtype policy, with the weights of `start`
    where there is one; `offsets` [heads, k] are the loss's."""
    keras.mixed_precision.set_global_policy(dtype_policy(config))
    try:
        model = build_network(config, config.weights if start is None else "none")
    finally:
        keras.mixed_precision.set_global_policy("float32")
    if start is not None:
        model.set_weights(start.get_weights())
    if config.branches:
        model = reparameterisation.expand(model)
    compile_model(model, config, offsets)
    return model


def build_network(config: Config, weights: str = "none") -> keras.Model:
    """An untrained network as the config has it, under the global dtype policy."""
    return networks.build(
        config.network,
        len(config.emotions),
        heads=config.heads,
        dropout=config.dropout,
        weights=weights,
    )


def without_branches(model: keras.Model, config: Config, rows: Rows) -> keras.Model:
    """The network as it is served, in float32, from the wider one that was trained."""
    plain = build_network(config)
    faces = multi_view.centre_crop(rows.pixels[:BRANCH_FACES], config.size)
    reparameterisation.fold(model, plain, faces)
    return plain


def train_epoch(
    train_step: TrainStep,
    config: Config,
    rows: Rows,
    targets: Floats,
    epoch: int,
    progress: "Progress",
    on_event: EventHandler,
) -> Figures:
    """One pass over the rows: mean loss and accuracy, and how well batches kept up."""
    mixup = learning_rate(config, epoch) > config.rate / 3
    source = augmentation.batches(rows, targets, config, epoch, with_mixup=mixup)
    losses: list[tuple[float, float]] = []
    began, waited = time.monotonic(), 0.0
    ready = augmentation.prefetch(source)
    for step in range(progress.steps):
        wait_began = time.monotonic()
        batch = next(ready)
        waited += time.monotonic() - wait_began
        rate = learning_rate(config, epoch + step / progress.steps)
        losses.append(train_step(batch, rate))
        progress.advance()
        if progress.is_due():
            on_event(progress.event())
    loss, accuracy = np.mean(losses, axis=0)
    # The share of its time in which the network did not wait for batches: what it
    # reaches of the speed it would have on ready-made arrays.
    pipeline = 1 - waited / max(time.monotonic() - began, 1e-9)
    figures = {"loss": float(loss), "accuracy": float(accuracy), "pipeline": pipeline}
    return {name: round(value, 4) for name, value in figures.items()}


def average_weights(
    model: keras.Model, config: Config, rows: Rows, targets: Floats
) -> None:
    """Keep the moving average of the weights, where the config asks for one."""
    if config.ema:
        model.optimizer.finalize_variable_values(model.trainable_variables)
        update_batch_norm(model, config, rows, targets)


def update_batch_norm(
    model: keras.Model, config: Config, rows: Rows, targets: Floats
) -> None:
    """Measure the statistics of batch normalisation again, for the averaged weights:
    what was collected under the raw ones is wrong for them (56 against 78 % on Tune, in
    mid-plateau; Izmailov et al. 2018 do the same)."""
    for epoch in range(config.epochs, config.epochs + 8):
        batches = augmentation.batches(rows, targets, config, epoch, with_mixup=False)
        for step, (x, _y, _w) in enumerate(augmentation.prefetch(batches), 1):
            model(x, training=True)
            if step * config.batch >= BATCH_NORM_FACES:
                return


def make_targets(config: Config, rows: Rows, teachers: Sequence[Teacher]) -> Floats:
    """What each face should give, float32 [n, heads, k]: labels smoothed, votes as they
    are; with one head their mix; `config.distil` of it the teachers' probabilities."""
    label = augmentation.smooth_labels(rows.targets[:, 0], config.label_smoothing)
    votes = rows.targets[:, 1]
    if config.heads == 2:
        targets = np.stack([label, votes], 1)
    else:
        mixed = (1 - config.votes_share) * label + config.votes_share * votes
        targets = mixed[:, None]
    if config.distil and teachers:
        p = teachers_mean(rows, teachers, dtype_policy(config))
        targets = (1 - config.distil) * targets + config.distil * p
    return targets.astype(np.float32)


def teachers_mean(rows: Rows, teachers: Sequence[Teacher], policy: str) -> Floats:
    """Mean probabilities float32 [n, heads, k] of the teachers, each over the views
    that it is served with (distillation: Hinton et al. 2015)."""
    heads = []
    for network, config in teachers:
        fast = networks.with_dtype_policy(network, policy)
        views = multi_view.views(rows.pixels, config)
        heads += [predict_logits(fast, view) for view in views]
    return np.asarray(np.mean(softmax(heads, axis=-1), axis=0), np.float32)


def measure_tune(model: keras.Model, config: Config, tune: Rows) -> Figures:
    """Loss and accuracy on Tune: by the label, and each head by its own truth."""
    if not len(tune):
        return {"tune_loss": None, "tune_accuracy": None}
    faces = multi_view.centre_crop(tune.pixels, config.size)
    heads = softmax(predict_logits(model, faces), axis=-1)
    p = mix_heads(heads, config.votes_share)
    right = p[np.arange(len(tune)), tune.labels]
    clear = tune.majority >= 0
    figures = {
        "tune_loss": float(-np.log(np.maximum(right, 1e-7)).mean()),
        "tune_accuracy": float((p.argmax(1) == tune.labels).mean()),
        "tune_label_head": float((heads[:, 0].argmax(1) == tune.labels).mean()),
    }
    if clear.any():
        majority = tune.majority[clear]
        by_votes_head, by_both = heads[clear, -1].argmax(1), p[clear].argmax(1)
        figures["tune_votes_head"] = float((by_votes_head == majority).mean())
        figures["tune_votes"] = float((by_both == majority).mean())
    return {name: round(value, 4) for name, value in figures.items()}


def predict_logits(model: keras.Model, pixels: Bytes, *, batch: int = 256) -> Floats:
    """float32 [n, heads, k] for faces uint8 [n, s, s]."""
    parts = [
        keras.ops.convert_to_numpy(
            model.predict_on_batch(pixels[i : i + batch, :, :, None].astype(np.float32))
        )
        for i in range(0, len(pixels), batch)
    ]
    return np.concatenate(parts).astype(np.float32)


def mix_heads(heads: Floats, share: float) -> Floats:
    """Probabilities float32 [n, heads, k] -> [n, k]: `share` of them from the head of
    the votes, where there are two."""
    if heads.shape[1] == 1:
        return heads[:, 0]
    return (1 - share) * heads[:, 0] + share * heads[:, 1]


def dtype_policy(config: Config) -> str:
    """Keras' name of it: "auto" is mixed bfloat16 where the processor computes it."""
    if config.precision != "auto":
        return config.precision
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return "float32"
    fast = "avx512_bf16" in flags or "amx_bf16" in flags
    return "mixed_bfloat16" if fast else "float32"


class Progress:
    """How far a run is and how long it still takes, from its own speed so far."""

    def __init__(self, config: Config, rows: int, epochs_done: int) -> None:
        self.steps = max(1, rows // config.batch)
        self.total = self.steps * config.epochs
        self.done = self.steps * epochs_done
        self.first, self.began = self.done, time.monotonic()
        self.reported = 0.0

    def advance(self) -> None:
        self.done += 1

    def is_due(self) -> bool:
        now = time.monotonic()
        if now - self.reported < 1.0:
            return False
        self.reported = now
        return True

    def event(self) -> Step:
        share = round(self.done / self.total, 4)
        return Step(progress=share, seconds_left=self.seconds_left())

    def seconds_left(self) -> float:
        pace = (time.monotonic() - self.began) / max(1, self.done - self.first)
        return round(pace * (self.total - self.done), 1)
