"""On how many devices a network is trained, by TensorFlow's own `tf.distribute`.

One process makes its steps by Keras alone, with any backend. Otherwise every device
holds the whole network and takes its share of each batch. Gradients are summed over
all, and batch normalisation is over the whole batch, so that the figures are those of
one process. Who takes part in a training on several machines, the variable TF_CONFIG
says; each process reads the same data, and the first one alone, the chief, writes.
"""

import json
import os
import re
import signal
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import keras
import numpy as np

from ml.config import Config
from ml.data.arrays import Rows
from ml.errors import BadInput, WorkerLost
from ml.training import meeting
from ml.training.augmentation import Batch

# One step: a batch and its learning rate in, its mean loss and accuracy out.
TrainStep = Callable[[Batch, float], tuple[float, float]]

JOIN_SECONDS = 300.0  # that processes wait for each other at the start
_TASK = re.compile(r"/task:(\d+)")


class Strategy:
    """One process, and whatever Keras computes with. What several devices do otherwise
    is in the subclass."""

    is_chief = True

    def scope(self) -> AbstractContextManager[Any]:
        """Where a network and its optimizer are made."""
        return nullcontext()

    def step(self, model: keras.Model) -> TrainStep:
        def step(batch: Batch, rate: float) -> tuple[float, float]:
            x, y, w = batch
            model.optimizer.learning_rate.assign(rate)
            logs = model.train_on_batch(
                x, y, sample_weight=w[:, None], return_dict=True
            )
            return float(logs["loss"]), float(logs["categorical_accuracy"])

        return step

    def check(self, config: Config, rows: Rows) -> None:
        """Raises BadInput where a run could not be shared."""

    def share_state(self, variables: Sequence[Any], epochs: int) -> int:
        """Give everybody the chief's variables, and its number of epochs done."""
        return epochs

    def plain(self, model: keras.Model) -> keras.Model:
        """The same network to predict with, in this process alone."""
        return model


def of(name: str) -> Strategy:
    """The strategy of that name (`ml.config.STRATEGIES`); for several machines once all
    of TF_CONFIG are there. Raises BadInput, or WorkerLost where one does not come."""
    if name == "one":
        return Strategy()
    if keras.backend.backend() != "tensorflow":
        raise BadInput(f"the strategy {name} takes Keras' backend tensorflow")
    import tensorflow as tf

    if name == "mirrored":
        devices = [
            device.name
            for device in tf.config.list_logical_devices("GPU")
            or tf.config.list_logical_devices("CPU")
        ]
        return _Distributed(tf.distribute.MirroredStrategy(devices), [])
    workers, index = _cluster()
    meeting.wait_for_all(workers, index, seconds=JOIN_SECONDS)
    made = tf.distribute.MultiWorkerMirroredStrategy()
    # TensorFlow has put a handler of its own there.
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))
    return _Distributed(made, workers, is_chief=index == 0)


def check_shares(
    config: Config, rows: Rows, devices: int, sum_of_all: Callable[[float], float]
) -> None:
    """Raises BadInput where batches cannot be cut for so many devices, or not all have
    the same data and knobs: then their numbers are not as many times one's own."""
    if config.batch % devices:
        raise BadInput(
            f"a batch of {config.batch} cannot be shared by {devices} devices"
        )
    mine = zlib.crc32(json.dumps(config.to_json(), sort_keys=True).encode())
    for array in (rows.pixels, rows.targets, rows.weights):
        mine = zlib.crc32(array.tobytes(), mine)
    if sum_of_all(float(mine)) != mine * devices:
        raise BadInput("the processes differ in their data or knobs")


class _Distributed(Strategy):
    def __init__(
        self, strategy: Any, workers: Sequence[str], *, is_chief: bool = True
    ) -> None:
        self.strategy = strategy
        self.workers = workers  # their addresses
        self.is_chief = is_chief

    def scope(self) -> AbstractContextManager[Any]:
        scope: AbstractContextManager[Any] = self.strategy.scope()
        return scope

    def step(self, model: keras.Model) -> TrainStep:
        import tensorflow as tf

        replicas = self.strategy.num_replicas_in_sync

        def on_replica(x: Any, y: Any, w: Any) -> Any:
            with tf.GradientTape() as tape:
                logits = model(x, training=True)
                # Keras divides it by the number of replicas.
                loss = model.compute_loss(x, y, logits, w)
            gradients = tape.gradient(loss, model.trainable_variables)
            model.optimizer.apply_gradients(
                zip(gradients, model.trainable_variables, strict=True)
            )
            right = keras.metrics.categorical_accuracy(y, logits)
            return tf.stack([loss, tf.reduce_mean(right) / replicas])

        @tf.function(autograph=False)  # type: ignore[untyped-decorator]
        def on_all(x: Any, y: Any, w: Any) -> Any:
            with _synchronized(model):
                both = self.strategy.run(on_replica, args=(x, y, w))
            return self.strategy.reduce("SUM", both, axis=None)

        def step(batch: Batch, rate: float) -> tuple[float, float]:
            x, y, w = batch
            model.optimizer.learning_rate.assign(rate)
            with self._tells_who_is_lost():
                shares = [self._share(part) for part in (x, y, w[:, None])]
                loss, right = on_all(*shares).numpy()
            return float(loss), float(right)

        return step

    def check(self, config: Config, rows: Rows) -> None:
        replicas = self.strategy.num_replicas_in_sync
        check_shares(config, rows, replicas, lambda mine: self._sum(lambda _r: mine))

    def share_state(self, variables: Sequence[Any], epochs: int) -> int:
        arrays = [keras.ops.convert_to_numpy(v.value) for v in variables]
        state = np.concatenate([[epochs], *(a.ravel() for a in arrays)]).astype(float)
        # A sum in which all but the chief's first device give nothing.
        state = self._sum(lambda replica: 0 * state if replica else state)
        at = 1
        for variable, array in zip(variables, arrays, strict=True):
            values = state[at : at + array.size].reshape(array.shape)
            variable.assign(values.astype(array.dtype))
            at += array.size
        return int(state[0])

    def plain(self, model: keras.Model) -> keras.Model:
        return keras.Model(model.input, model.output)  # the same layers

    def _share(self, part: Any) -> Any:
        """Of a batch's array, what each device of this process works on."""
        import tensorflow as tf

        def of_replica(context: Any) -> Any:
            size = len(part) // context.num_replicas_in_sync
            at = context.replica_id_in_sync_group * size
            return tf.constant(part[at : at + size])

        return self.strategy.experimental_distribute_values_from_function(of_replica)

    def _sum(self, of_replica: Callable[[int], Any]) -> Any:
        """Over all devices of all processes, of what each one's number gives."""
        import tensorflow as tf

        with self._tells_who_is_lost():
            every = self.strategy.experimental_distribute_values_from_function(
                lambda context: tf.constant(
                    of_replica(context.replica_id_in_sync_group)
                )
            )
            return self.strategy.reduce("SUM", every, axis=None).numpy()

    @contextmanager
    def _tells_who_is_lost(self) -> Iterator[None]:
        """TensorFlow finds within seconds that a process died, or does not answer."""
        from tensorflow import errors

        lost = (
            *(errors.UnavailableError, errors.AbortedError, errors.CancelledError),
            *(errors.DeadlineExceededError, errors.FailedPreconditionError),
        )
        try:
            yield
        except lost as error:
            raise WorkerLost(_who(str(error), self.workers)) from error


@contextmanager
def _synchronized(model: keras.Model) -> Iterator[None]:
    """Batch normalisation over the shares of all devices, while its graph is made."""
    layers = [
        layer
        for layer in model._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    for layer in layers:
        layer.synchronized = True
    try:
        yield
    finally:
        for layer in layers:
            layer.synchronized = False


def _who(message: str, workers: Sequence[str]) -> str:
    found = _TASK.search(message)
    if found and int(found[1]) < len(workers):
        return f"the training process at {workers[int(found[1])]} was lost"
    return "one of the training processes was lost"


def _cluster() -> tuple[list[str], int]:
    """The addresses in TF_CONFIG, and the place of this process among them."""
    try:
        told = json.loads(os.environ["TF_CONFIG"])
        workers = [str(address) for address in told["cluster"]["worker"]]
        index = int(told["task"]["index"])
        if told["cluster"].keys() != {"worker"} or not 0 <= index < len(workers):
            raise ValueError("only workers, and this one among them")
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(
            "the strategy multi-worker takes TF_CONFIG, as in "
            '{"cluster": {"worker": ["host-a:7070", "host-b:7070"]}, '
            '"task": {"type": "worker", "index": 0}}'
        ) from error
    return workers, index
