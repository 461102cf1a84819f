"""Reparameterised convolutions (RepVGG: Ding et al. 2021): three branches to train,
one to serve.

`expand` puts beside each 3x3 convolution one of 1x1 and, where the widths agree, the
input itself, each with a batch normalisation of its own. All are linear, so `fold` can
add them up into one 3x3 convolution. What is saved, exported or fine-tuned is the plain
network; only training knows the wider one.
"""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from ml.data.arrays import Bytes, Floats


class Branches(layers.Layer):
    """The sum of a 3x3 convolution, a 1x1 convolution and, with `skip`, the input, each
    batch-normalised: [n, h, w, c] -> [n, h, w, width]."""

    def __init__(self, conv: keras.Layer, norm: keras.Layer, *, skip: bool) -> None:
        super().__init__(name=f"branches_{conv.name}", dtype=conv.dtype_policy)
        same = {"dtype": conv.dtype_policy}
        added = {"epsilon": norm.epsilon, "momentum": norm.momentum} | same
        self.convs = [
            layers.Conv2D.from_config(conv.get_config()),
            layers.Conv2D(conv.filters, 1, use_bias=False, **same),
        ]
        self.norms = [
            layers.BatchNormalization.from_config(norm.get_config()),
            *(
                layers.BatchNormalization(gamma_initializer="zeros", **added)
                for _ in range(2 if skip else 1)
            ),
        ]

    def build(self, shape: Any) -> None:
        wide = (*shape[:-1], self.convs[0].filters)
        for conv in self.convs:
            conv.build(shape)
        for norm in self.norms:
            norm.build(wide)

    def call(self, x: Any, training: bool | None = None, mask: Any = None) -> Any:
        maps = [*(conv(x) for conv in self.convs), x]
        pairs = zip(self.norms, maps, strict=False)
        return ops.sum([norm(y, training=training) for norm, y in pairs], axis=0)

    def folded(self) -> tuple[Floats, Floats]:
        """(kernel [3, 3, c, width], bias [width]) of the one convolution that answers
        as the branches do outside training."""
        wide, narrow = (conv.get_weights()[0] for conv in self.convs)
        kernel, bias = np.zeros(wide.shape), np.zeros(wide.shape[-1])
        centre = kernel[1:2, 1:2]
        parts = [(kernel, wide), (centre, narrow), (centre, np.eye(wide.shape[2]))]
        for norm, (place, own) in zip(self.norms, parts, strict=False):
            gamma, beta, mean, variance = (np.float64(w) for w in norm.get_weights())
            scale = gamma / np.sqrt(variance + norm.epsilon)
            place += own * scale
            bias += beta - mean * scale
        return kernel.astype(np.float32), bias.astype(np.float32)


def expand(network: keras.Model) -> keras.Model:
    """The network with branches to train. It answers as before: those added begin at
    zero."""
    pairs = convolutions(network)
    branches = {
        norm.name: Branches(conv, norm, skip=conv.input.shape[-1] == conv.filters)
        for conv, norm in pairs
    }
    replaced = {conv.name for conv, _norm in pairs}

    def clone(layer: keras.Layer) -> keras.Layer:
        if layer.name in replaced:  # its norm's place takes both
            return layers.Activation("linear", dtype=layer.dtype_policy)
        return branches.get(layer.name) or type(layer).from_config(layer.get_config())

    wider = keras.models.clone_model(network, clone_function=clone)
    for conv, norm in pairs:
        branches[norm.name].convs[0].set_weights(conv.get_weights())
        branches[norm.name].norms[0].set_weights(norm.get_weights())
    for layer, twin in zip(network.layers, wider.layers, strict=True):
        if type(layer) is type(twin):
            twin.set_weights(layer.get_weights())
    return wider


def fold(wider: keras.Model, network: keras.Model, faces: Bytes) -> None:
    """Give `network`, or one built like it, from which `expand` made `wider`, weights
    with which it answers as `wider` does. Its batch normalisation gets the statistics
    of faces uint8 [n, s, s], so that a training can go on from there."""
    for layer, twin in zip(network.layers, wider.layers, strict=True):
        if type(layer) is type(twin):
            layer.set_weights(twin.get_weights())
    blocks = [layer for layer in wider.layers if isinstance(layer, Branches)]
    pairs = convolutions(network)
    for (conv, norm), block in zip(pairs, blocks, strict=True):
        kernel, bias = block.folded()
        conv.set_weights([kernel])
        _standardise(norm, bias, np.zeros_like(bias), np.ones_like(bias))
    seen = keras.Model(network.input, [conv.output for conv, _norm in pairs])
    maps = seen(faces[..., None].astype(np.float32))
    for (_conv, norm), y in zip(pairs, maps, strict=True):
        mean, variance = (ops.convert_to_numpy(v) for v in ops.moments(y, (0, 1, 2)))
        _standardise(norm, norm.get_weights()[1], mean, variance)


def _standardise(norm: Any, bias: Floats, mean: Floats, variance: Floats) -> None:
    """Let batch normalisation hold these statistics and, whatever they are, do no more
    than add `bias`; each [c]."""
    gamma = np.sqrt(variance + norm.epsilon)
    norm.set_weights([gamma, mean + bias, mean, variance])


def convolutions(network: keras.Model) -> list[tuple[keras.Layer, keras.Layer]]:
    """Each 3x3 convolution of stride 1 with the batch normalisation that follows it, in
    the order of the latter."""
    made_by = {id(layer.output): layer for layer in network.layers}
    norms = [n for n in network.layers if isinstance(n, layers.BatchNormalization)]
    return [
        (conv, norm)
        for norm in norms
        if isinstance(conv := made_by[id(norm.input)], layers.Conv2D)
        and (conv.kernel_size, conv.strides) == ((3, 3), (1, 1))
    ]
