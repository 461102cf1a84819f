"""How a network is optimised: the learning rate over a run, SGD or Adam, the loss.

Needs Keras alone, so that a training elsewhere (tests/experiments/distillation) can
use it where nothing else is installed.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from ml.config import Config
from ml.errors import BadInput


def learning_rate(config: Config, epoch: float) -> float:
    """Learning rate at a moment of the run, in epochs: warm-up, plateau, straight down
    to 0. A plateau leaves the end open: a run may be lengthened or ended early."""
    warm = min(1.0, (epoch + 1e-3) / max(config.warm_up, 1e-3))
    left = (config.epochs - epoch) / max(config.decay * config.epochs, 1e-3)
    return config.rate * min(warm, 1.0, max(left, 0.0))


def compile_model(
    model: keras.Model,
    config: Config,
    offsets: npt.NDArray[np.float32] | None = None,
) -> None:
    """Ready a network that gives logits for training: cross-entropy with each head's
    targets, of the logits plus `offsets`, [heads, k], where there are any."""
    optimizer = make_optimizer(config)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    optimizer.build(model.trainable_variables)
    model.compile(
        optimizer,
        loss=keras.losses.CategoricalCrossentropy(from_logits=True)
        if offsets is None
        else LogitAdjusted(offsets.tolist()),
        metrics=["categorical_accuracy"],
        jit_compile=keras.backend.backend() == "jax",  # slower under TensorFlow
    )


@keras.saving.register_keras_serializable("mien")
class LogitAdjusted(keras.losses.CategoricalCrossentropy):
    """Cross-entropy of logits plus `offsets`, [heads, k] (Menon et al. 2021): what the
    loss adds, a network need not learn, and does not say when it answers."""

    def __init__(self, offsets: Sequence[Sequence[float]], **settings: Any) -> None:
        super().__init__(**settings | {"from_logits": True})
        self.offsets = np.array(offsets, np.float32)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        offsets = keras.ops.convert_to_tensor(self.offsets)
        return super().call(y_true, y_pred + offsets)

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "offsets": self.offsets.tolist()}


def rarity_offsets(
    labels: npt.NDArray[np.int64], config: Config
) -> npt.NDArray[np.float32] | None:
    """float32 [heads, k]: of the label head `config.logit_adjustment` times the
    logarithm of each emotion's share of the labels, of the votes' head 0."""
    if not config.logit_adjustment:
        return None
    counts = np.bincount(labels, minlength=len(config.emotions))
    offsets = np.zeros((config.heads, len(config.emotions)), np.float32)
    offsets[0] = config.logit_adjustment * np.log(np.maximum(counts, 1) / len(labels))
    return offsets


def make_optimizer(config: Config) -> keras.Optimizer:
    """SGD with Nesterov momentum, or Adam. Raises BadInput for any other."""
    common: dict[str, object] = {
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


def state_variables(model: keras.Model) -> list[Any]:
    """What a checkpoint keeps: the network's and the optimizer's, in a fixed order."""
    return [*model.variables, *model.optimizer.variables]
