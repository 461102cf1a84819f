"""Networks that others used for FER-2013, to be beaten on the same split.

They end in dense layers or come whole from Keras' applications, so most of them have no
evidence map. Each gives logits [n, heads, classes] like those of networks.py.
"""

from typing import Any

import keras
from keras import layers

from ml.config import Knobs
from ml.errors import BadInput


def _face_input(size: int | None) -> tuple[Any, Any]:
    face = layers.Input((size, size, 1), name="face")
    return face, layers.Rescaling(1 / 127.5, offset=-1)(face)


def _dense_head(
    face: Any, x: Any, classes: int, heads: int, dropout: float
) -> keras.Model:
    if dropout:
        x = layers.Dropout(dropout)(x)
    x = layers.Dense(heads * classes, dtype="float32")(x)
    return keras.Model(face, layers.Reshape((heads, classes), name="logits")(x))


def relu_cnn(classes: int, *, heads: int, dropout: float, weights: str) -> keras.Model:
    """The tutorial's network: four ReLU convolutions, dropout, one wide dense layer."""
    face, x = _face_input(48)
    x = layers.Conv2D(32, 3, activation="relu")(x)
    x = layers.Conv2D(64, 3, activation="relu")(x)
    x = layers.Dropout(0.25)(layers.MaxPooling2D()(x))
    x = layers.MaxPooling2D()(layers.Conv2D(128, 3, activation="relu")(x))
    x = layers.MaxPooling2D()(layers.Conv2D(128, 3, activation="relu")(x))
    x = layers.Flatten()(layers.Dropout(0.25)(x))
    x = layers.Dense(1024, activation="relu")(x)
    return _dense_head(face, x, classes, heads, dropout or 0.5)


def elu_cnn(classes: int, *, heads: int, dropout: float, weights: str) -> keras.Model:
    """Six ELU convolutions in pairs, batch normalisation and dropout between."""
    face, x = _face_input(48)
    for width, drop in ((64, 0.4), (128, 0.4), (256, 0.5)):
        for _ in range(2):
            x = layers.Conv2D(width, 3, padding="same", kernel_initializer="he_normal")(
                x
            )
            x = layers.BatchNormalization()(layers.Activation("elu")(x))
        x = layers.Dropout(drop)(layers.MaxPooling2D()(x))
    x = layers.Dense(128, activation="elu", kernel_initializer="he_normal")(
        layers.Flatten()(x)
    )
    x = layers.BatchNormalization()(x)
    return _dense_head(face, x, classes, heads, dropout or 0.6)


def mini_xception(
    classes: int, *, heads: int, dropout: float, weights: str
) -> keras.Model:
    """Arriaga et al. 2017, the network of PyPI's `fer`: 58 thousand parameters."""
    face, x = _face_input(None)
    for _ in range(2):
        x = layers.Conv2D(8, 3, use_bias=False)(x)
        x = layers.Activation("relu")(layers.BatchNormalization()(x))
    for width in (16, 32, 64, 128):
        short = layers.Conv2D(width, 1, strides=2, padding="same", use_bias=False)(x)
        short = layers.BatchNormalization()(short)
        for last in (False, True):
            x = layers.SeparableConv2D(width, 3, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization()(x)
            x = x if last else layers.Activation("relu")(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        x = layers.add([x, short])
    x = layers.Conv2D(heads * classes, 3, padding="same", name="evidence")(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Reshape((heads, classes), dtype="float32", name="logits")(x)
    return keras.Model(face, x)


def resnet_small(
    classes: int, *, heads: int, dropout: float, weights: str
) -> keras.Model:
    """ResNet-10 of width 32 (He et al. 2015), as wide as two hours of CPU allow."""
    face, x = _face_input(None)
    x = _conv(x, 32)
    for stage, width in enumerate((32, 64, 128, 256)):
        stride = 2 if stage else 1
        y = _conv(_conv(x, width, stride=stride), width, act=False)
        if stage:
            x = layers.Conv2D(width, 1, strides=stride, use_bias=False)(x)
            x = layers.BatchNormalization()(x)
        x = layers.Activation("relu")(layers.add([x, y]))
    if dropout:
        x = layers.SpatialDropout2D(dropout)(x)
    x = layers.Conv2D(heads * classes, 1, name="evidence")(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Reshape((heads, classes), dtype="float32", name="logits")(x)
    return keras.Model(face, x)


def _conv(x: Any, width: int, *, stride: int = 1, act: bool = True) -> Any:
    x = layers.Conv2D(width, 3, strides=stride, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.Activation("relu")(x) if act else x


def mobilenet_v2(side: int) -> Any:
    """Transfer at 96 to 224 px, the face enlarged within the network."""

    def make(classes: int, *, heads: int, dropout: float, weights: str) -> keras.Model:
        face, x = _face_input(48)
        x = layers.Resizing(side, side)(layers.Concatenate()([x, x, x]))
        shape = (side, side, 3)
        base = _application(keras.applications.MobileNetV2, shape, weights)
        x = layers.GlobalAveragePooling2D()(base(x))
        return _dense_head(face, x, classes, heads, dropout or 0.3)

    return make


def efficientnet_b0(
    classes: int, *, heads: int, dropout: float, weights: str
) -> keras.Model:
    """Tan and Le 2019, at 96 px."""
    face = layers.Input((48, 48, 1), name="face")  # it rescales by itself
    x = layers.Resizing(96, 96)(layers.Concatenate()([face, face, face]))
    base = _application(keras.applications.EfficientNetB0, (96, 96, 3), weights)
    x = layers.GlobalAveragePooling2D()(base(x))
    return _dense_head(face, x, classes, heads, dropout or 0.3)


def _application(make: Any, shape: tuple[int, int, int], weights: str) -> Any:
    if weights not in ("none", "imagenet"):
        raise BadInput(f"weights are none or imagenet, not {weights!r}")
    try:
        return make(
            input_shape=shape,
            include_top=False,
            weights=None if weights == "none" else weights,
        )
    except Exception as error:  # Keras raises a bare Exception for a failed download
        raise BadInput(
            "the ImageNet weights could not be downloaded; ask for --weights none to "
            f"start from scratch ({error})"
        ) from error


NETWORKS = {
    "relu-cnn": relu_cnn,
    "elu-cnn": elu_cnn,
    "mini-xception": mini_xception,
    "resnet-small": resnet_small,
    "mobilenetv2-96": mobilenet_v2(96),
    "mobilenetv2-160": mobilenet_v2(160),
    "mobilenetv2-224": mobilenet_v2(224),
    "efficientnet-b0": efficientnet_b0,
}
PRETRAINED = tuple(n for n in NETWORKS if n.startswith(("mobilenet", "efficient")))

# How their authors trained them, where that differs from ml/config.py's defaults.
_ADAM: Knobs = {"optimizer": "adam", "rate": 1e-3, "weight_decay": 0.0, "size": 48}
_PLAIN: Knobs = dict.fromkeys(("rotate", "shift", "light", "erase", "mixup"), 0.0)
HYPERPARAMETERS: dict[str, Knobs] = {
    "relu-cnn": _ADAM | _PLAIN | {"batch": 32, "zoom": 0.0, "dropout": 0.5},
    "elu-cnn": _ADAM | {"batch": 32, "mixup": 0.0, "erase": 0.0, "dropout": 0.6},
    "mini-xception": _ADAM | {"batch": 32, "mixup": 0.0, "erase": 0.0},
    "mobilenetv2-96": _ADAM | _PLAIN | {"batch": 32, "dropout": 0.3},
    "mobilenetv2-160": _ADAM | _PLAIN | {"batch": 32, "dropout": 0.3},
    "mobilenetv2-224": _ADAM | _PLAIN | {"batch": 32, "dropout": 0.3},
    "efficientnet-b0": _ADAM | _PLAIN | {"batch": 32, "dropout": 0.3},
}
