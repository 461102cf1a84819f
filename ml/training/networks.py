"""Networks by name: `build(name, classes)` gives an untrained Keras model.

Every network takes `face`, float32 [n, h, w, 1] grey 0-255, and gives `logits`,
float32 [n, heads, classes]. Preprocessing is its first layers, so whoever calls it
needs to know nothing. Plain Keras 3: it trains under any backend.

The champion's family ends in a 1x1 convolution to the classes *before* global
pooling, the layer named `evidence`: its maps say where in the face the evidence for
each emotion lies (class activation map) and cost nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import layers

from ml.errors import BadInput
from ml.training import baselines


def build(
    name: str,
    classes: int,
    *,
    heads: int = 1,
    dropout: float = 0.0,
    weights: str = "none",
) -> keras.Model:
    """A network to train. Raises BadInput for a name not in `NAMES`, and where
    `weights` "imagenet" are asked for and cannot be had."""
    if name not in NETWORKS:
        raise BadInput(f"no network {name!r}; there are {', '.join(NAMES)}")
    make = NETWORKS[name]
    return make(classes, heads=heads, dropout=dropout, weights=weights)


def with_dtype_policy(network: keras.Model, policy: str) -> keras.Model:
    """The same network computing under another Keras dtype policy; its logits stay
    float32. ONNX Runtime refuses a mixed one, and a teacher answers several times as
    fast in bfloat16, where the CPU knows it."""

    def clone(layer: keras.Layer) -> keras.Layer:
        settings = layer.get_config()
        if "dtype" in settings:
            settings["dtype"] = "float32" if layer.name == "logits" else policy
        return type(layer).from_config(settings)

    twin = keras.models.clone_model(network, clone_function=clone, recursive=True)
    twin.set_weights(network.get_weights())
    twin.optimizer, twin.compiled = None, False  # else its file is three times as large
    return twin


def conv_bn(
    x: Any, width: int, *, kernel: int = 3, stride: int = 1, act: bool = True
) -> Any:
    """Convolution, batch normalisation (Ioffe and Szegedy 2015) and, with `act`, ReLU:
    [n, h, w, c] -> [n, h / stride, w / stride, width]."""
    x = layers.Conv2D(
        width,
        kernel,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
    )(x)
    x = layers.BatchNormalization(momentum=0.95, epsilon=1e-3)(x)
    return layers.Activation("relu")(x) if act else x


def _face_input(size: int | None) -> tuple[Any, Any]:
    """The input, and each face at mean 0, deviation 1: lighting is no emotion. Epsilon,
    a variance in squared greys, keeps noise small in a face of hardly any contrast."""
    face = layers.Input((size, size, 1), name="face")
    x = layers.LayerNormalization(
        axis=[1, 2, 3], center=False, scale=False, epsilon=65.0, name="standardise"
    )(face)
    return face, x


def _evidence_head(face: Any, x: Any, classes: int, heads: int, dropout: float) -> Any:
    if dropout:
        x = layers.SpatialDropout2D(dropout)(x)
    x = layers.Conv2D(heads * classes, 1, name="evidence")(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Reshape((heads, classes), dtype="float32", name="logits")(x)
    return keras.Model(face, x)


def vgg(
    widths: Sequence[int], depth: int = 2, size: int | None = None
) -> Callable[..., keras.Model]:
    """Dense 3x3 convolutions (Simonyan and Zisserman 2014), which a CPU computes about
    ten times as fast, by the multiply-add, as depthwise ones."""

    def make(classes: int, *, heads: int, dropout: float, weights: str) -> keras.Model:
        face, x = _face_input(size)
        for stage, width in enumerate(widths):
            if stage:
                x = layers.MaxPooling2D()(x)
            for _ in range(depth):
                x = conv_bn(x, width)
        return _evidence_head(face, x, classes, heads, dropout)

    return make


def resnet(widths: Sequence[int], blocks: int = 2) -> Callable[..., keras.Model]:
    """The same convolutions with skips around each pair (He et al. 2015), which let it
    be twice as deep; the finest and dearest grid has but two, as in `vgg`."""

    def make(classes: int, *, heads: int, dropout: float, weights: str) -> keras.Model:
        face, x = _face_input(None)
        x = conv_bn(conv_bn(x, widths[0]), widths[0])
        for width in widths[1:]:
            x = layers.MaxPooling2D()(x)
            for block in range(blocks):
                x = _residual(x, width, is_wider=block == 0)
        return _evidence_head(face, x, classes, heads, dropout)

    return make


def _residual(x: Any, width: int, *, is_wider: bool) -> Any:
    y = conv_bn(conv_bn(x, width), width, act=False)
    if is_wider:
        x = conv_bn(x, width, kernel=1, act=False)
    return layers.Activation("relu")(layers.add([x, y]))


NETWORKS: dict[str, Callable[..., keras.Model]] = {
    "vgg-tiny": vgg([8, 16, 32], depth=1),
    "vgg-quick": vgg([16, 32, 64, 96]),
    "vgg-small": vgg([32, 64, 128, 256]),
    "vgg-mid": vgg([48, 96, 192, 384]),
    "vgg-lean": vgg([32, 96, 192, 384]),
    "vgg-wide": vgg([64, 128, 256, 384]),
    "resnet-lean": resnet([32, 64, 128, 256]),
    **baselines.NETWORKS,
}
NAMES = tuple(NETWORKS)
