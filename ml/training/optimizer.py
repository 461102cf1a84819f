"""How a network is optimised: the learning rate over a run, SGD or Adam, the loss.

Needs Keras alone, so that a training elsewhere (tests/experiments/distillation) can
use it where nothing else is installed.
"""

from typing import Any

import keras

from ml.config import Config
from ml.errors import BadInput


def learning_rate(config: Config, epoch: float) -> float:
    """Learning rate at a moment of the run, in epochs: warm-up, plateau, straight down
    to 0. A plateau leaves the end open: a run may be lengthened or ended early."""
    warm = min(1.0, (epoch + 1e-3) / max(config.warm_up, 1e-3))
    left = (config.epochs - epoch) / max(config.decay * config.epochs, 1e-3)
    return config.rate * min(warm, 1.0, max(left, 0.0))


def compile_model(model: keras.Model, config: Config) -> None:
    """Ready a network that gives logits for training: cross-entropy with each head's
    targets."""
    optimizer = make_optimizer(config)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    optimizer.build(model.trainable_variables)
    model.compile(
        optimizer,
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["categorical_accuracy"],
        jit_compile=keras.backend.backend() == "jax",  # slower under TensorFlow
    )


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
